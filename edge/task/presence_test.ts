import assert from "node:assert/strict";
import { manualClock } from "../../src/wire/_testing.ts";
import { createPresence } from "./presence.ts";

function room() {
  const clock = manualClock();
  return { clock, presence: createPresence({ clock, windowMs: 1000 }) };
}

Deno.test("presence: who waits is there, however long it waits", () => {
  const { clock, presence } = room();
  using _waits = presence.enter("a", 1);
  clock.advance(1e6);
  assert.equal(presence.of("a"), 1);
  assert.equal(presence.of("b"), 0);
  assert.equal(presence.count(), 1);
});

Deno.test("presence: who went is there for a while, counted from when it went", () => {
  const { clock, presence } = room();
  const wait = presence.enter("a", 1);
  clock.advance(5000);
  wait[Symbol.dispose]();
  clock.advance(1000);
  assert.deepEqual([presence.of("a"), presence.count()], [1, 1]);
  clock.advance(1);
  assert.deepEqual([presence.of("a"), presence.count()], [0, 0]);
});

Deno.test("presence: a member that waits twice is one, and there until both have ended", () => {
  const { clock, presence } = room();
  const one = presence.enter("a", 1);
  const other = presence.enter("a", 1);
  assert.equal(presence.count(), 1);
  one[Symbol.dispose]();
  clock.advance(5000);
  assert.equal(presence.of("a"), 1);
  other[Symbol.dispose]();
  clock.advance(5000);
  assert.equal(presence.of("a"), 0);
});

Deno.test("presence: a region is there with as many clients as it last said", () => {
  const { presence } = room();
  using _one = presence.enter("r", 5);
  using _client = presence.enter("c", 1);
  assert.equal(presence.count(), 6);
  using _other = presence.enter("r", 2);
  assert.deepEqual([presence.of("r"), presence.count()], [2, 3]);
});

Deno.test("presence: a request that was overtaken on its way leaves what the newer one said", async () => {
  const { presence } = room();
  const signal = new AbortController().signal;
  using _newer = presence.enter("r", 2);
  const older = presence.enter("r", 1);
  assert.equal(presence.count(), 1);
  const reached = presence.reach(2, signal);
  older[Symbol.dispose]();
  await reached;
  assert.equal(presence.of("r"), 2);
});

Deno.test("presence: who has left is forgotten, also while it waits", () => {
  const { presence } = room();
  const wait = presence.enter("a", 1);
  presence.leave("a");
  presence.leave("never there");
  assert.equal(presence.count(), 0);
  wait[Symbol.dispose]();
  assert.equal(presence.count(), 0);
});

Deno.test("presence: enough are reached with the one that is the last to come", async () => {
  const { presence } = room();
  const signal = new AbortController().signal;
  await presence.reach(0, signal);
  let reached = false;
  const wait = presence.reach(3, signal).then(() => reached = true);
  using _two = presence.enter("r", 2);
  await Promise.resolve();
  assert.equal(reached, false);
  using _one = presence.enter("c", 1);
  await wait;
});

Deno.test("presence: those who went long ago do not help to reach enough", async () => {
  const { clock, presence } = room();
  presence.enter("a", 1)[Symbol.dispose]();
  clock.advance(2000);
  const { signal } = new AbortController();
  let reached = false;
  const wait = presence.reach(2, signal).then(() => reached = true);
  using _b = presence.enter("b", 1);
  await Promise.resolve();
  assert.equal(reached, false);
  using _a = presence.enter("a", 1);
  await wait;
});

Deno.test("presence: a wait for enough ends with its signal's reason", async () => {
  const { presence } = room();
  const stop = new AbortController();
  const wait = presence.reach(1, stop.signal);
  stop.abort(new Error("enough of that"));
  await assert.rejects(wait, /enough of that/);
  await assert.rejects(presence.reach(1, stop.signal), /enough of that/);
});

Deno.test("presence: who has asked another instance is there too, unless it has asked here since", async () => {
  const { presence } = room();
  using _waits = presence.enter("a", 2);
  const reached = presence.reach(5, new AbortController().signal);
  presence.note(new Map([["a", 7], ["b", 3]]));
  await reached;
  assert.deepEqual(["a", "b", "c"].map((id) => presence.of(id)), [2, 3, 0]);
  assert.equal(presence.count(), 5);
  assert.deepEqual([...presence.here()], [["a", 2]]);
  presence.note(new Map());
  assert.deepEqual([presence.of("b"), presence.count()], [0, 2]);
});

import assert from "node:assert/strict";
import { deviceStates } from "./device_states.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

Deno.test("device states: a device finds what it kept, and nobody else's", async () => {
  const states = deviceStates();
  const [one, other] = [states.stateOf(1), states.stateOf(2)];
  assert.equal(await one.get("person"), undefined);
  await one.set("person", bytes(1, 2));
  assert.deepEqual(await one.get("person"), bytes(1, 2));
  assert.deepEqual(await states.stateOf(1).get("person"), bytes(1, 2));
  assert.equal(await other.get("person"), undefined);
});

Deno.test("device states: what was kept before is there, and is no change", async () => {
  const states = deviceStates([{ client: 3, key: "a", value: bytes(7) }]);
  assert.deepEqual(await states.stateOf(3).get("a"), bytes(7));
  assert.deepEqual(states.takeChanges(), []);
});

Deno.test("device states: each change is told once, as it is when it is asked for", async () => {
  const states = deviceStates();
  await states.stateOf(5).set("a", bytes(1));
  await states.stateOf(4).set("b", bytes(2));
  await states.stateOf(5).set("a", bytes(3));
  assert.deepEqual(states.takeChanges(), [
    { client: 5, key: "a", value: bytes(3) },
    { client: 4, key: "b", value: bytes(2) },
  ]);
  assert.deepEqual(states.takeChanges(), []);
  await states.stateOf(4).set("b", bytes(2));
  assert.equal(states.takeChanges().length, 1);
});

Deno.test("device states: values are copies, on the way in and out", async () => {
  const states = deviceStates();
  const state = states.stateOf(0);
  const given = bytes(1);
  await state.set("a", given);
  given[0] = 9;
  const got = await state.get("a");
  got![0] = 8;
  assert.deepEqual(await state.get("a"), bytes(1));
});

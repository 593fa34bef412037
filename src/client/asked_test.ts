import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { startTree } from "../../tests/tree.ts";
import { TributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import type { Trainer } from "../core/trainer.ts";
import type { OpenRound } from "../wire/round_info.ts";
import { forget, halfWay, interfering, joinLeaf, refusal, smallTask } from "./_testing.ts";

/** A region that says something else of its rounds than it should. */
function lying(change: (info: OpenRound) => Partial<OpenRound>) {
  return interfering({
    ...{ method: "GET", path: /\/round$/ },
    async answer(request, fetch) {
      const answer = await fetch(request);
      if (answer.status !== 200) return answer;
      const info = await answer.json();
      return Response.json({ ...info, ...(info.kind === "open" ? change(info) : {}) });
    },
  });
}

/** Fails where it is called. */
const never: Trainer = () => assert.fail("trained, though it is not asked");

Deno.test("asked: a device that is not costs its region neither a model nor a parcel", async () => {
  const requests: string[] = [];
  const through = (fetch: (request: Request) => Promise<Response>) => (request: Request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname.split("/")[4]}`);
    return fetch(request);
  };
  const unasked = lying(() => ({ share: { clients: 0, enough: 0 } }));
  await using tree = await startTree({
    task: smallTask(),
    through: (fetch) => through(unasked(fetch)),
  });
  await using me = await joinLeaf(tree, { training: { trainer: never } });
  requests.length = 0;
  const { value } = await me.rounds().next();
  assert.deepEqual(value, { kind: "missed", round: 1, reason: "not-asked" });
  assert.deepEqual(requests, ["GET round"]);
});

for (
  const [what, change, says] of [
    ["asks it by a threshold that it is not below", { threshold: 0 }, /expected one below 0/],
    ["does not say what it may send", { share: undefined }, /expected a share/],
  ] as const
) {
  Deno.test(`asked: a region that ${what} is not followed`, async () => {
    const through = lying(() => change as Partial<OpenRound>);
    await using tree = await startTree({ task: smallTask(), through });
    await using me = await joinLeaf(tree, { training: { trainer: never } });
    await assert.rejects(me.rounds().next(), { code: "peer-invalid", message: says });
  });
}

Deno.test("asked: a region that samples above the task's rate is not followed", async () => {
  const through = lying(() => ({ threshold: 1, share: { clients: 1, enough: 1 } }));
  const sampling = { kind: "poisson", rate: 0.5 } as const;
  await using tree = await startTree({ task: smallTask({ sampling }), through });
  await using me = await joinLeaf(tree, { training: { trainer: never } });
  await assert.rejects(me.rounds().next(), {
    code: "peer-invalid",
    message: /chosen below 1, expected at most 0.5/,
  });
});

Deno.test("asked: a device that was forgotten between rounds hears of the next one again", async () => {
  const identity = await generateIdentity();
  await using tree = await startTree({
    task: smallTask({ clients: { min: 2, max: 9 } }),
    clock: hastyClock(),
  });
  await using me = await joinLeaf(tree, { identity });
  await forget(tree, identity);
  const rounds = me.rounds();
  const report = rounds.next();
  await tree.until(() => tree.root.life.status().size === 1);
  await using other = await joinLeaf(tree, { number: 1 });
  const [mine, others] = await Promise.all([report, other.rounds().next()]);
  assert.deepEqual([mine.value?.kind, others.value?.kind], ["sent", "sent"]);
});

Deno.test("asked: who has nothing to send has missed the round, though its word gets lost", async () => {
  const declines: Trainer = () =>
    Promise.reject(new TributaryError("nothing-to-send", "Cannot train: no examples yet"));
  let words = 0;
  const through = interfering({
    ...{ method: "PUT", path: /\/abstentions\// },
    answer() {
      words++;
      return Promise.resolve(refusal("internal"));
    },
  });
  await using tree = await startTree({ task: smallTask(), through });
  await using me = await joinLeaf(tree, { training: { trainer: declines } });
  const { value } = await me.rounds().next();
  assert.deepEqual(value, { kind: "missed", round: 1, reason: "nothing-to-send" });
  assert.equal(words, 1);
  await using other = await joinLeaf(tree, { number: 1, training: { trainer: halfWay } });
  // It is still waited for, so the round is open to whoever comes.
  assert.equal((await other.rounds().next()).value?.kind, "sent");
  assert.equal(tree.root.life.status().phase, "open");
});

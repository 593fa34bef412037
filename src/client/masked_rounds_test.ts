import assert from "node:assert/strict";
import { startCommittee } from "../../tests/committee.ts";
import { startTree } from "../../tests/tree.ts";
import { toHex } from "../core/bytes.ts";
import type { Fetch } from "../core/fetch.ts";
import { manualClock } from "../wire/_testing.ts";
import { halfWay, interfering, joinLeaf, refusal, smallTask } from "./_testing.ts";
import type { Participant } from "./participant.ts";
import type { RoundReport } from "./round_report.ts";

async function masked(rounds: number) {
  const clock = manualClock();
  const committee = await startCommittee(5, clock);
  const task = smallTask({
    mask: { kind: "kahe1", helpers: committee.helpers },
    update: { slotBits: 20 },
    clients: { min: 2, max: 10 },
    stop: { rounds },
  });
  return { clock, committee, task };
}

async function all(me: Participant): Promise<RoundReport[]> {
  return await Array.fromAsync(me.rounds());
}

Deno.test("masked rounds: a device masks once a round, and sends the same bytes however often it has to", async () => {
  const { clock, committee, task } = await masked(2);
  const sent: { readonly member: string; readonly round: string; readonly body: string }[] = [];
  const spying = interfering({
    ...{ method: "PUT", path: /\/updates\// },
    async answer(request, fetch) {
      const [, round = "", member = ""] = /\/rounds\/(\d+)\/updates\/(.+)$/.exec(request.url) ?? [];
      const body = new Uint8Array(await request.clone().arrayBuffer());
      sent.push({ round, member, body: toHex(body) });
      const tries = sent.filter((one) => one.round === round && one.member === member).length;
      // Away for a moment; then it has forgotten everybody; then its answer gets lost.
      if (tries === 1) return refusal("busy");
      if (tries === 2) return refusal("member-unknown");
      const answer = await fetch(request);
      return tries === 3 ? refusal("internal") : answer;
    },
  });
  const through = (fetch: Fetch) => spying(committee.through(fetch));
  await using tree = await startTree({ task, clock, through });
  await using one = await joinLeaf(tree, { number: 0 });
  await using other = await joinLeaf(tree, { number: 1 });
  const running = Promise.all([all(one), all(other)]);
  let isOver = false;
  running.finally(() => isOver = true);
  while (!isOver) {
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  for (const reports of await running) {
    assert.deepEqual(reports.map(({ kind }) => kind), ["sent", "sent"]);
    const [first] = reports;
    // Polynomials of P1, then a public key, a digest, a signature and five envelopes.
    assert.equal(first?.kind === "sent" && first.bytesSent, 16_384 + 129 + 3 * 114 + 2 * 8274);
  }
  const bodies = Map.groupBy(sent, ({ round, member }) => `${round} ${member}`);
  assert.equal(bodies.size, 4);
  for (const tries of bodies.values()) {
    assert.ok(tries.length >= 4);
    assert.equal(new Set(tries.map(({ body }) => body)).size, 1);
  }
  // The same training twice, and nothing of it is the same on the wire.
  assert.equal(new Set(sent.map(({ body }) => body)).size, 4);
  const residues = sent.map(({ body }) => body.slice(0, 64));
  assert.equal(new Set(residues).size, 4);
});

Deno.test("masked rounds: a device refuses a round that puts it in a group that the task has not", async () => {
  const { clock, committee, task } = await masked(1);
  const liar = interfering({
    ...{ method: "GET", path: /\/round$/ },
    async answer(request, fetch) {
      const response = await fetch(request);
      if (response.status !== 200) return response;
      return Response.json({ ...await response.json(), group: 1 });
    },
  });
  const through = (fetch: Fetch) => liar(committee.through(fetch));
  await using tree = await startTree({ task, clock, through });
  let trained = 0;
  const trainer: typeof halfWay = (...given) => {
    trained++;
    return halfWay(...given);
  };
  await using one = await joinLeaf(tree, { number: 0, training: { trainer } });
  await using _other = await joinLeaf(tree, { number: 1 });
  await assert.rejects(all(one), { code: "group-unknown" });
  assert.equal(trained, 0);
});

import assert from "node:assert/strict";
import { startTree } from "../../tests/tree.ts";
import { joinTree } from "../../tests/fleet.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import type { Fetch } from "../core/fetch.ts";
import { manualClock } from "../wire/_testing.ts";
import { halfWay, smallTask } from "./_testing.ts";
import type { RoundReport } from "./round_report.ts";

const CLIENTS = 7;

/** Changes one byte of what the root tells of a phase. */
function changing(phase: string): (fetch: Fetch) => Fetch {
  return (fetch) => async (request) => {
    const answer = await fetch(request);
    if (request.method !== "GET" || !request.url.includes(`/phases/${phase}/`)) return answer;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    bytes[bytes.length - 1]! ^= 1;
    return new Response(bytes, { status: answer.status });
  };
}

/** A round of which one client is told something else in a phase; what came of it for each. */
async function told(phase: string): Promise<(RoundReport | ErrorCode)[]> {
  const clock = manualClock();
  let agreed = 0;
  await using tree = await startTree({
    task: smallTask({
      clients: { min: CLIENTS, max: 100 },
      mask: { kind: "secagg_plus" },
      ...{ roundMs: 80_000, stop: { rounds: 1 } },
    }),
    clock,
    through: (fetch) => async (request) => {
      const answer = await fetch(request);
      const isWord = request.url.includes("/phases/consistency/") && answer.ok;
      // Nobody else will agree: the root's time to wait goes by.
      if (isWord && ++agreed === CLIENTS - 1 && phase === "outcome") {
        setTimeout(() => clock.advance(10_000), 0);
      }
      return answer;
    },
  });
  const members = [];
  for (let number = 0; number < CLIENTS; number++) {
    const fetch = number === 0 ? changing(phase)(tree.fetch) : tree.fetch;
    const training = { trainer: halfWay };
    members.push(await joinTree(tree, { number, at: tree.root, fetch, training }));
  }
  const ends = await Promise.all(members.map(async (client) => {
    try {
      const { value } = await client.rounds().next();
      return value as RoundReport;
    } catch (error) {
      if (isTributaryError(error)) return error.code;
      throw error;
    }
  }));
  for (const client of members) await client[Symbol.asyncDispose]();
  return ends;
}

Deno.test("phases: a device that is told another outcome, or other signatures, withholds its shares and says why; the sum opens without it", async () => {
  for (const phase of ["outcome", "signatures"]) {
    const [first, ...others] = await told(phase);
    assert.ok(typeof first === "object" && first.kind === "sent", phase);
    assert.equal(first.withheld, "signature-invalid", phase);
    for (const report of others) {
      assert.ok(typeof report === "object" && report.kind === "sent", phase);
      assert.equal(report.withheld, undefined, phase);
    }
  }
});

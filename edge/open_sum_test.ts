import assert from "node:assert/strict";
import { systemRandom } from "../src/core/random.ts";
import { module, nodeDigest } from "./_testing.ts";
import {
  type CommitteeOptions,
  type TestCommittee,
  testCommittee,
  testGroup,
} from "./helper/_testing.ts";
import type { LogLine } from "./logger.ts";
import { openSum } from "./open_sum.ts";

/** A root's world over a committee, and what it says. */
function rootOf(committee: TestCommittee, change: Partial<Parameters<typeof openSum>[0]> = {}) {
  const lines: LogLine[] = [];
  const world = {
    identity: committee.owner,
    fetch: committee.fetch,
    clock: committee.clock,
    random: systemRandom,
    digest: nodeDigest,
    module,
    logger: (line: LogLine) => void lines.push(line),
    ...change,
  };
  return { world, lines };
}

function wordsIn(bytes: Uint8Array<ArrayBuffer>): number[] {
  return [...new Uint32Array(bytes.buffer)];
}

Deno.test("open sum: five helpers open the sum of a tree, and nothing is said", async () => {
  const committee = await testCommittee();
  const group = await testGroup(committee, { tree: [2, 3, 1] });
  const { world, lines } = rootOf(committee);
  assert.deepEqual(wordsIn(await openSum(world, group)), group.expected);
  assert.deepEqual(lines, []);
});

import assert from "node:assert/strict";
import { openRound, parcelOf, sendUpdate, testMember, testRoot } from "../_testing.ts";
import type { LogLine } from "../logger.ts";
import { memoryStore } from "../memory/store.ts";

const roundsOf = (lines: readonly LogLine[]) =>
  lines.flatMap((line) => line.kind === "round" ? [line] : []);

Deno.test("round news: each phase is told once, and the end of the last round before the task's", async () => {
  const lines: LogLine[] = [];
  const store = memoryStore();
  const logger = (line: LogLine) => void lines.push(line);
  const stop = { rounds: 2 };
  await using root = await testRoot({ store, logger, task: { stop } });
  const member = await testMember(root);
  for (let after = 0; after < 2; after++) {
    const round = await openRound(member.peer, root.task, after);
    root.clock.advance(1500);
    await sendUpdate(member, round, parcelOf([1, 2, 3, 4]));
  }
  while (root.app.aggregator.tasks.get(root.id)!.status().phase !== "finished") {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const told = roundsOf(lines).map(({ round, phase, clients, bytes, ms, isFound }) =>
    `${round} ${phase} ${clients} ${bytes} ${ms} ${isFound}`
  );
  assert.deepEqual(told, [
    "0 waiting 0 0 0 true",
    ...["1 open 0 0 0 false", "1 sealed 1 16 1500 false", "1 unmasking 1 16 1500 false"],
    "1 published 1 16 1500 false",
    ...["2 open 0 0 0 false", "2 sealed 1 16 1500 false", "2 unmasking 1 16 1500 false"],
    ...["2 published 1 16 1500 false", "2 finished 0 0 0 false"],
  ]);

  // Another start says what it found, and that it was found.
  const { identity } = root;
  const again: LogLine[] = [];
  await using _root = await testRoot({
    ...{ store, identity, task: { stop } },
    logger: (line) => void again.push(line),
  });
  assert.deepEqual(roundsOf(again).map(({ phase, isFound }) => [phase, isFound]), [
    ["finished", true],
  ]);
});

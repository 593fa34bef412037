import assert from "node:assert/strict";
import type { LogEvent } from "../../src/wire/log.ts";
import { metricNames, NO_HISTORY, withEntry } from "./history.ts";

const ROUND = {
  ...{ sid: "", roster: "", beacon: "", abstained: 0, updates: 3, clients: 40 },
  base: { version: 0, digest: "", bytes: 1 },
  sample: { threshold: 1, asked: 40, enough: 40 },
};
const MODEL = { version: 1, digest: "", bytes: 1 };
const published = (round: number, metrics: Record<string, number>): LogEvent => ({
  ...{ ...ROUND, round, metrics, kind: "published", members: "", sum: "", model: MODEL },
  spent: { sums: round, epsilon: round / 10 },
});
const abandoned = (round: number): LogEvent => ({
  ...{ ...ROUND, round, clients: 1, kind: "abandoned", reason: "too-few-clients" },
});

Deno.test("history: rounds are counted by how they ended, and the latest spend stays", () => {
  const events = [
    { kind: "created", model: MODEL } as const,
    ...[published(1, { accuracy: 0.5, "log-loss": 0.7 }), abandoned(2), published(3, { mae: 2 })],
    abandoned(4),
  ];
  const history = events.reduce(
    (all, event, atMs) => withEntry(all, { event, atMs }),
    NO_HISTORY,
  );
  assert.deepEqual([history.done, history.abandoned, history.updates], [2, 2, 12]);
  assert.deepEqual(history.spent, { sums: 3, epsilon: 0.3 });
  assert.deepEqual(history.rounds.map(({ round, outcome, atMs }) => [round, outcome, atMs]), [
    ...[[1, "published", 1], [2, "abandoned", 2], [3, "published", 3], [4, "abandoned", 4]],
  ]);
  assert.equal(history.rounds[1]!.reason, "too-few-clients");
  assert.deepEqual(metricNames(history), ["log-loss", "accuracy", "mae"]);
});

Deno.test("history: of many rounds the latest are kept in full, and all are counted", () => {
  let history = NO_HISTORY;
  for (let round = 1; round <= 700; round++) {
    history = withEntry(history, { event: published(round, {}), atMs: round });
  }
  assert.equal(history.rounds.length, 500);
  assert.equal(history.rounds[0]!.round, 201);
  assert.equal(history.done, 700);
});

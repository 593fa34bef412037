import assert from "node:assert/strict";
import type { ModelInfo } from "../../wire/round_info.ts";
import { createTally } from "./tally.ts";
import type { ClosedRound } from "./watch.ts";

const model: ModelInfo = { version: 1, digest: "00".repeat(32), bytes: 10 };
const known = {
  ...{ round: 1, clients: 2, seconds: 3, bytesUp: 5, bytesDown: 7, metrics: { "hr@10": 0.2 } },
};

const logged = {
  ...{ sid: "11".repeat(32), roster: "22".repeat(32), beacon: "33".repeat(32), base: model },
  ...{ updates: 2, clients: 2, abstained: 0, sample: { threshold: 1, asked: 2, enough: 2 } },
};

function closed(round: number): ClosedRound {
  const sealed = { members: "44".repeat(32), sum: "55".repeat(32), model };
  return { ...logged, ...sealed, kind: "published", round, metrics: { "hr@10": 0.5 } };
}

function watched() {
  const shown: unknown[] = [];
  let nowMs = 0;
  const tally = createTally([known], {
    clients: 2,
    clock: { now: () => nowMs += 1000, sleep: () => Promise.resolve() },
    progress: {
      join: (...args) => shown.push(["join", ...args]),
      start: (...args) => shown.push(["start", ...args]),
      update: (...args) => shown.push(["update", ...args]),
      finish: (...args) => shown.push(["finish", ...args]),
      [Symbol.dispose]() {},
    },
  });
  return { tally, shown };
}

Deno.test("tally: bytes are counted for their round, whenever their report comes", () => {
  const { tally } = watched();
  tally.open(2);
  tally.listen({ kind: "sent", round: 2, bytesSent: 10, bytesReceived: 100 });
  tally.close(closed(2));
  tally.listen({ kind: "sent", round: 2, bytesSent: 11, bytesReceived: 101 });
  tally.listen({ kind: "missed", round: 2, reason: "deadline" });
  assert.deepEqual(tally.rounds(), [known, {
    ...{ round: 2, clients: 2, seconds: 1, bytesUp: 21, bytesDown: 201 },
    metrics: { "hr@10": 0.5 },
  }]);
});

Deno.test("tally: a round of an earlier start keeps the figures that it had", () => {
  const { tally, shown } = watched();
  tally.close(closed(1));
  assert.deepEqual(tally.rounds(), [known]);
  assert.deepEqual(shown, []);
});

Deno.test("tally: an abandoned round has no clients", () => {
  const { tally, shown } = watched();
  tally.open(2);
  tally.close({ ...logged, kind: "abandoned", round: 2, reason: "too-few-clients" });
  assert.equal(tally.rounds()[1]?.clients, 0);
  assert.deepEqual(shown.at(-1), ["finish", 0, "abandoned: too-few-clients"]);
});

Deno.test("tally: joins are shown before the first round only", () => {
  const { tally, shown } = watched();
  tally.listen({ kind: "joined" });
  tally.open(2);
  tally.listen({ kind: "joined" });
  tally.listen({ kind: "sent", round: 2, bytesSent: 1, bytesReceived: 1 });
  assert.deepEqual(shown, [["join", 1, 2], ["start", 2, 2], ["update", 1]]);
});

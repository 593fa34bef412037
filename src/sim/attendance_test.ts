import assert from "node:assert/strict";
import { attendances } from "./attendance.ts";
import type { RoundFates } from "./faults.ts";

const rule = { separation: 2, participations: 2 };
const sends = { does: "send", trainMs: 0, sendMs: 0 } as const;
const drawn: RoundFates = {
  devices: [sends, sends, { ...sends, does: "nothing" }],
  down: [false],
};
const part = (client: number) => ({ client, isAcknowledged: true, isIncluded: true });
const does = ({ devices }: RoundFates) => devices.map(({ does }) => does);

Deno.test("attendance: devices abstain until their separation is over, and after their last time", () => {
  const attending = attendances(rule, []);
  assert.deepEqual(does(attending.fates(drawn, 0)), ["send", "send", "nothing"]);
  attending.note([part(0)], 0);
  assert.deepEqual(does(attending.fates(drawn, 0)), ["send", "send", "nothing"]);
  assert.deepEqual(does(attending.fates(drawn, 1)), ["abstain", "send", "nothing"]);
  attending.note([part(0), part(1)], 2);
  assert.deepEqual(does(attending.fates(drawn, 4)), ["abstain", "send", "nothing"]);
});

Deno.test("attendance: an earlier start's devices are remembered, other values passed over", () => {
  const value = Uint8Array.of(5, 0, 0, 0, 1, 0, 0, 0);
  const attending = attendances(rule, [
    { client: 1, key: "privacy/participation", value },
    { client: 0, key: "person", value: Uint8Array.of(1) },
  ]);
  assert.deepEqual(does(attending.fates(drawn, 6)), ["send", "abstain", "nothing"]);
  assert.deepEqual(does(attending.fates(drawn, 7)), ["send", "send", "nothing"]);
});

Deno.test("attendance: without a rule fates are as they were drawn", () => {
  assert.equal(attendances(undefined, []).fates(drawn, 3), drawn);
});

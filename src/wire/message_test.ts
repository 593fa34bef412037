import { toJsonSchema } from "@valibot/to-json-schema";
import assert from "node:assert/strict";
import * as v from "valibot";
import { utf8 } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { hex32 } from "./_testing.ts";
import { logPageSchema } from "./log.ts";
import { logConsistencySchema, logHeadSchema, logInclusionSchema } from "./log_head.ts";
import { readJsonMessage, readMessage } from "./message.ts";
import { enrolmentSchema, membershipSchema } from "./party.ts";
import { problemSchema } from "./problem.ts";
import { receiptSchema } from "./receipt.ts";
import { type OpenRound, roundInfoSchema } from "./round_info.ts";
import { statusSchema } from "./status.ts";
import { taskListSchema, taskOfferSchema } from "./task.ts";

const FORM = { what: "a round", code: "peer-invalid" } as const;
const OPEN: OpenRound = {
  kind: "open",
  task: hex32(1),
  round: 1,
  sid: hex32(2),
  roster: hex32(3),
  beacon: hex32(4),
  model: { version: 0, digest: hex32(5), bytes: 10 },
  threshold: 1,
  openedAtMs: 1,
  deadlineMs: 2,
  nowMs: 1,
};
const says = (pattern: RegExp) => (error: unknown) => {
  assert.ok(isTributaryError(error, "peer-invalid"), String(error));
  assert.match(error.message, pattern);
  return true;
};

Deno.test("message: a good one is read from its bytes", () => {
  assert.deepEqual(readJsonMessage(roundInfoSchema, utf8(JSON.stringify(OPEN)), FORM), OPEN);
});

Deno.test("message: bytes that are no UTF-8, no JSON or more than one value are refused", () => {
  for (const bytes of [Uint8Array.of(0x22, 0xff, 0x22), utf8("{"), utf8(""), utf8("{} {}")]) {
    assert.throws(
      () => readJsonMessage(roundInfoSchema, bytes, FORM),
      says(/^Cannot read a round: it is not JSON in UTF-8 with each key once$/),
    );
  }
});

Deno.test("message: a text that two readers could read differently is refused", () => {
  const text = JSON.stringify(OPEN);
  for (const member of [`"round":2`, `"r\\u006fund":1`, `"__proto__":{}`]) {
    assert.throws(
      () => readJsonMessage(roundInfoSchema, utf8(`{${member},${text.slice(1)}`), FORM),
      says(/^Cannot read a round: it is not JSON in UTF-8 with each key once$/),
      member,
    );
  }
});

Deno.test("message: what does not fit is named by its path", () => {
  for (
    const [value, pattern] of [
      [{ ...OPEN, kind: "shut" }, /at kind/],
      [{ ...OPEN, extra: 1 }, /at extra/],
      [{ ...OPEN, round: 0 }, /at round/],
      [{ ...OPEN, round: 1.5 }, /at round/],
      [{ ...OPEN, round: 2 ** 53 }, /at round/],
      [{ ...OPEN, model: { ...OPEN.model, bytes: 2 ** 31 } }, /at model.bytes/],
      [{ ...OPEN, sid: hex32(0xab).toUpperCase() }, /at sid/],
      [{ ...OPEN, deadlineMs: -1 }, /at deadlineMs/],
      [42, /at the top/],
    ] as [unknown, RegExp][]
  ) {
    assert.throws(() => readMessage(roundInfoSchema, value, FORM), says(pattern));
  }
});

Deno.test("message: a document is read whole: no list for a record, no key that a schema would drop", () => {
  const schema = v.strictObject({ train: v.record(v.string(), v.unknown()) });
  const read = (text: string) => readJsonMessage(schema, utf8(text), FORM);
  assert.deepEqual(read(`{"train":{"lr":1,"deep":[{"constructor":1}]}}`).train["lr"], 1);
  assert.throws(() => read(`{"train":[]}`), says(/a list stands for an object/));
  for (const key of ["constructor", "prototype"]) {
    assert.throws(() => read(`{"train":{"${key}":1}}`), says(RegExp(`the key "${key}"`)));
  }
  const deep = `${"[".repeat(90)}${"]".repeat(90)}`;
  assert.equal(Array.isArray(read(`{"train":{"x":${deep}}}`).train["x"]), true);
});

Deno.test("message: a client enrols with size 1, a region with any", () => {
  const form = { what: "an enrolment", code: "bad-request" } as const;
  const publicKey = "A".repeat(43);
  const read = (kind: string, size: number) =>
    readMessage(enrolmentSchema, { kind, publicKey, size }, form);
  assert.equal(read("client", 1).size, 1);
  assert.equal(read("region", 0).size, 0);
  for (const [kind, size] of [["client", 2], ["client", 0], ["region", -1], ["root", 1]] as const) {
    assert.throws(() => read(kind, size), (error) => isTributaryError(error, "bad-request"));
  }
});

const schemas = {
  enrolmentSchema,
  logConsistencySchema,
  logHeadSchema,
  logInclusionSchema,
  logPageSchema,
  membershipSchema,
  problemSchema,
  receiptSchema,
  roundInfoSchema,
  statusSchema,
  taskListSchema,
  taskOfferSchema,
};
for (const [name, schema] of Object.entries(schemas)) {
  Deno.test(`message: ${name} has a JSON Schema with a description`, () => {
    assert.ok((toJsonSchema(schema).description ?? "").length > 10);
  });
}

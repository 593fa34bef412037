import assert from "node:assert/strict";
import fc from "fast-check";
import type * as v from "valibot";
import { utf8 } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity, webCheckOf } from "../core/identity.ts";
import { manualClock, SAMPLE_TASK } from "./_testing.ts";
import { checkContentDigest } from "./content_digest.ts";
import { logEntrySchema, logPageSchema } from "./log.ts";
import { logConsistencySchema, logHeadSchema, logInclusionSchema } from "./log_head.ts";
import { readJsonMessage, readMessage } from "./message.ts";
import { createNonces } from "./nonces.ts";
import { enrolmentSchema, membershipSchema } from "./party.ts";
import { errorOf } from "./problem.ts";
import { receiptSchema } from "./receipt.ts";
import { roundInfoSchema } from "./round_info.ts";
import { verifyRequest } from "./verify_request.ts";
import { statusSchema } from "./status.ts";
import { readTask, signedTaskSchema, taskListSchema, taskOfferSchema } from "./task.ts";
import { readUpdateHeaders, UPDATE_FIELDS } from "./update_headers.ts";

const SCHEMAS: Readonly<Record<string, v.GenericSchema<unknown>>> = {
  enrolmentSchema,
  logEntrySchema,
  logConsistencySchema,
  logHeadSchema,
  logInclusionSchema,
  logPageSchema,
  membershipSchema,
  receiptSchema,
  roundInfoSchema,
  signedTaskSchema,
  statusSchema,
  taskListSchema,
  taskOfferSchema,
};
const FORM = { what: "it", code: "bad-request" } as const;

/** Runs what may only succeed, or fail with a code. */
async function named(attempt: () => unknown): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    assert.ok(isTributaryError(error), String(error));
    assert.notEqual(error.code, "internal");
  }
}

/** Text as a header may hold it. */
const field = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
});

for (const [name, schema] of Object.entries(SCHEMAS)) {
  Deno.test(`hostile input: no JSON value makes ${name} fail without a code`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), (value) => named(() => readMessage(schema, value, FORM))),
    );
  });
}

Deno.test("hostile input: a task with any one field replaced is read or refused by code", async () => {
  const paths = [
    "name",
    "model",
    "train",
    "strategy",
    "update",
    "clients",
    "metrics",
    "stop",
    "seed",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.jsonValue(),
      (path, value) => named(() => readTask({ ...SAMPLE_TASK, [path]: value })),
    ),
  );
});

Deno.test("hostile input: JSON nested a hundred thousand deep is refused by code", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const task = JSON.stringify(SAMPLE_TASK).replace('"items":3', `"items":${deep}`);
  for (const text of [deep, `{"task":${task},"owner":"","signature":""}`]) {
    assert.throws(
      () => readJsonMessage(signedTaskSchema, utf8(text), FORM),
      (error) => isTributaryError(error, "bad-request"),
    );
  }
});

Deno.test("hostile input: __proto__ and constructor are no fields", () => {
  const text = `{"kind":"client","publicKey":"${"A".repeat(43)}","size":1,"__proto__":{"size":9}}`;
  assert.throws(
    () => readJsonMessage(enrolmentSchema, utf8(text), FORM),
    (error) => isTributaryError(error, "bad-request"),
  );
  const task = JSON.parse(`{"train":{"__proto__":{"lr":1},"epochs":1}}`);
  const read = readTask({ ...SAMPLE_TASK, ...task });
  assert.equal(Object.getPrototypeOf(read.train), Object.prototype);
  assert.deepEqual(Object.keys(read.train), ["epochs"]);
});

Deno.test("hostile input: no signature fields make verification fail without a code", async () => {
  const me = await generateIdentity();
  const key = await webCheckOf(me.publicKey);
  const clock = manualClock();
  const nonces = createNonces({ clock, windowMs: 1000, capacity: 10, perMember: 10 });
  const start = fc.constantFrom(
    "",
    "tributary=",
    'tributary=("@method");created=1;',
    "tributary=:",
  );
  const some = fc.tuple(start, field).map(([head, tail]) => head + tail);
  await fc.assert(
    fc.asyncProperty(some, some, async (signature, input) => {
      const headers = { "tributary-region": me.id, signature, "signature-input": input };
      const request = new Request("http://r.example/v1", { method: "PUT", headers });
      const verified = verifyRequest(request, {
        kind: "empty",
        member: me.id,
        region: me.id,
        isKnown: true,
        checkOf: () => key,
        clock,
        nonces,
        maxAgeS: 300,
        skewS: 60,
      });
      await assert.rejects(verified, (error) => {
        assert.ok(isTributaryError(error), String(error));
        assert.equal(error.status, 401);
        return true;
      });
    }),
    { numRuns: 300 },
  );
  assert.equal(nonces.size, 0);
});

Deno.test("hostile input: no update headers and no Content-Digest fail without a code", async () => {
  const some = fc.dictionary(fc.constantFrom(...Object.values(UPDATE_FIELDS)), field);
  await fc.assert(fc.asyncProperty(some, field, async (fields, contentDigest) => {
    const headers = new Headers(fields);
    await named(() => readUpdateHeaders(headers, { bytes: 8, sliceBytes: 8 }));
    headers.set("content-digest", contentDigest);
    await named(() => checkContentDigest(headers, utf8("body")));
  }));
});

Deno.test("hostile input: no answer makes a problem's reader fail", () => {
  fc.assert(fc.property(fc.jsonValue(), field, (value, retryAfter) => {
    errorOf(value, retryAfter);
  }));
});

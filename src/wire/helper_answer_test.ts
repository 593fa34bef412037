import assert from "node:assert/strict";
import { toHex } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { encodeAnswer, readAnswer } from "./helper_answer.ts";
import { LENGTH_BYTES, readLength } from "./helper_head.ts";

const ASKED = {
  task: "a".repeat(64),
  round: 3,
  sid: "b".repeat(64),
  helper: 2,
  clients: 5,
  members: "c".repeat(64),
};
const SHARE = Uint8Array.from({ length: 64 }, (_, at) => at * 3);
const identity = await generateIdentity();
const expected = { asked: ASKED, publicKey: identity.publicKey, shareBytes: SHARE.length };

Deno.test("helper answer: the share comes out of what was encoded", async () => {
  const bytes = await encodeAnswer(ASKED, SHARE, { identity });
  assert.deepEqual(await readAnswer(bytes, expected), SHARE);
});

Deno.test("helper answer: the same share of the same set is the same bytes", async () => {
  const [one, two] = await Promise.all([1, 2].map(() => encodeAnswer(ASKED, SHARE, { identity })));
  assert.deepEqual(one, two);
});

for (
  const [field, value] of Object.entries({
    task: "d".repeat(64),
    round: 4,
    sid: "d".repeat(64),
    helper: 1,
    clients: 6,
    members: "d".repeat(64),
  })
) {
  Deno.test(`helper answer: one of another ${field} is refused`, async () => {
    const bytes = await encodeAnswer({ ...ASKED, [field]: value }, SHARE, { identity });
    await assert.rejects(readAnswer(bytes, expected), {
      code: "answer-invalid",
      message: new RegExp(`its ${field} is ${value}, expected`),
    });
  });
}

Deno.test("helper answer: another's signature is refused", async () => {
  const bytes = await encodeAnswer(ASKED, SHARE, { identity: await generateIdentity() });
  await assert.rejects(readAnswer(bytes, expected), {
    code: "answer-invalid",
    message: /the signature is not that of helper 2/,
  });
});

Deno.test("helper answer: a changed share is refused", async () => {
  const bytes = await encodeAnswer(ASKED, SHARE, { identity });
  bytes[bytes.length - 1]! ^= 1;
  await assert.rejects(readAnswer(bytes, expected), {
    code: "answer-invalid",
    message: /its share is/,
  });
});

Deno.test("helper answer: any one byte changed, or any number cut off, is refused", async () => {
  const bytes = await encodeAnswer(ASKED, SHARE, { identity });
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 0x20;
    await assert.rejects(readAnswer(changed, expected), { code: "answer-invalid" }, `byte ${at}`);
    await assert.rejects(readAnswer(bytes.subarray(0, at), expected), { code: "answer-invalid" });
  }
  const longer = new Uint8Array([...bytes, 0]);
  await assert.rejects(readAnswer(longer, expected), { code: "answer-invalid" });
});

Deno.test("helper answer: it begins with the little-endian length of its document", async () => {
  const bytes = await encodeAnswer(ASKED, SHARE, { identity });
  const document = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + readLength(bytes));
  assert.equal(bytes.length, LENGTH_BYTES + document.length + SHARE.length);
  const said = JSON.parse(new TextDecoder().decode(document));
  assert.deepEqual(Object.keys(said), [
    ...Object.keys(ASKED),
    "share",
    "signature",
  ]);
  assert.equal(
    toHex(bytes.subarray(0, 4)),
    toHex(Uint8Array.of(document.length & 255, document.length >> 8, 0, 0)),
  );
});

import assert from "node:assert/strict";
import { fromBase64Url, utf8 } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity, importPublicKey, verifySignature } from "../core/identity.ts";
import { hex32 } from "./_testing.ts";
import { readMessage } from "./message.ts";
import { type Receipt, receiptSchema, signReceipt, verifyReceipt } from "./receipt.ts";

const [region, other] = await Promise.all([generateIdentity(), generateIdentity()]);
const EXPECTED = {
  task: hex32(1),
  round: 3,
  sid: hex32(2),
  member: other.id,
  digest: hex32(4),
  clients: 1,
  region: region.id,
};
const receipt = await signReceipt({ ...EXPECTED, position: 7 }, region);
const invalid = (pattern: RegExp) => (error: unknown) => {
  assert.ok(isTributaryError(error, "receipt-invalid"), String(error));
  assert.match(error.message, pattern);
  return true;
};

Deno.test("receipt: a signed one verifies and fits its schema", async () => {
  const wire: unknown = JSON.parse(JSON.stringify(receipt));
  const read = readMessage(receiptSchema, wire, { what: "a receipt", code: "peer-invalid" });
  await verifyReceipt(read, EXPECTED, region.publicKey);
  assert.equal(read.position, 7);
});

Deno.test("receipt: what is signed is its own line and the canonical JSON of the rest", async () => {
  const bytes = utf8(
    `tributary/receipt/1\n{"clients":1,"digest":"${
      hex32(4)
    }","member":"${other.id}","position":7,` +
      `"region":"${region.id}","round":3,"sid":"${hex32(2)}","task":"${hex32(1)}"}`,
  );
  const key = await importPublicKey(region.publicKey);
  assert.equal(await verifySignature(key, bytes, fromBase64Url(receipt.signature)), true);
});

Deno.test("receipt: one for anything else is named by the field that differs", async () => {
  for (
    const [field, value] of [
      ["task", hex32(9)],
      ["round", 4],
      ["sid", hex32(9)],
      ["member", region.id],
      ["digest", hex32(9)],
      ["clients", 2],
      ["region", other.id],
    ] as const
  ) {
    const forged = { ...receipt, [field]: value } as Receipt;
    const says = new RegExp(`its ${field} is ${value}, expected ${EXPECTED[field]}`);
    await assert.rejects(verifyReceipt(forged, EXPECTED, region.publicKey), invalid(says));
  }
});

Deno.test("receipt: another position, another's signature or another's key does not verify", async () => {
  const moved = { ...receipt, position: 8 };
  await assert.rejects(verifyReceipt(moved, EXPECTED, region.publicKey), invalid(/signature/));
  const theirs = await signReceipt({ ...EXPECTED, position: 7 }, other);
  await assert.rejects(verifyReceipt(theirs, EXPECTED, region.publicKey), invalid(/signature/));
  await assert.rejects(verifyReceipt(receipt, EXPECTED, other.publicKey), invalid(/signature/));
});

Deno.test("receipt: a field too many, or out of range, does not fit the schema", () => {
  const form = { what: "a receipt", code: "peer-invalid" } as const;
  for (
    const bad of [
      { ...receipt, note: "" },
      { ...receipt, round: 0 },
      { ...receipt, position: -1 },
      { ...receipt, clients: 1 << 25 },
      { ...receipt, signature: receipt.signature.slice(1) },
      null,
      [],
    ]
  ) {
    assert.throws(
      () => readMessage(receiptSchema, bad, form),
      (error) => isTributaryError(error, "peer-invalid"),
    );
  }
});

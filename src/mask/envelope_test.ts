import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import {
  type EnvelopeBinding,
  envelopeBytes,
  type OpenEnvelopeOptions,
  openShare,
  sealShare,
} from "./envelope.ts";
import { generateHelperKey } from "./helper_key.ts";

const key = await generateHelperKey();
const BINDING: EnvelopeBinding = {
  sid: new Uint8Array(32).fill(1),
  client: toBase64Url(new Uint8Array(32).fill(2)),
  helper: 3,
  parcel: new Uint8Array(32).fill(4),
};

function options(over: Partial<OpenEnvelopeOptions> = {}): OpenEnvelopeOptions {
  return { ...BINDING, key, shareBytes: 32, ...over };
}

async function refused(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isTributaryError(error, code), `${error}`);
    assert.match(error.message, /^Cannot open an envelope/);
    return true;
  });
}

Deno.test("envelope: a share comes out as it went in, seed or words", async () => {
  for (const shareBytes of [32, 8192, 16384]) {
    const share = Uint8Array.from({ length: shareBytes }, (_, i) => i * 3 + 1);
    const envelope = await sealShare(share, key.publicKey, BINDING);
    assert.equal(envelope.length, envelopeBytes(shareBytes));
    assert.deepEqual(await openShare(envelope, options({ shareBytes })), share);
  }
});

Deno.test("envelope: its header tells version, helper and sid", async () => {
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, BINDING);
  assert.deepEqual([...envelope.subarray(0, 34)], [1, 3, ...BINDING.sid]);
  assert.equal(envelope.length, 2 + 32 + 32 + 32 + 16);
});

Deno.test("envelope: one of another length or version is no envelope", async () => {
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, BINDING);
  const cases = [
    new Uint8Array(),
    envelope.subarray(1),
    envelope.subarray(0, -1),
    Uint8Array.of(...envelope, 0),
    envelope.with(0, 2),
  ];
  for (const bad of cases) await refused(openShare(bad, options()), "envelope-malformed");
  // A seed where words belong.
  await refused(openShare(envelope, options({ shareBytes: 16384 })), "envelope-malformed");
});

Deno.test("envelope: another round's is refused, and so is one that only says it is this one's", async () => {
  const other = { ...BINDING, sid: new Uint8Array(32).fill(9) };
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, other);
  await refused(openShare(envelope, options()), "sid-mismatch");
  const relabelled = envelope.slice();
  relabelled.set(BINDING.sid, 2);
  await refused(openShare(relabelled, options()), "envelope-refused");
});

Deno.test("envelope: another helper's is refused, and so is one that only says it is this one's", async () => {
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, { ...BINDING, helper: 4 });
  await refused(openShare(envelope, options()), "envelope-misaddressed");
  await refused(openShare(envelope.with(1, 3), options()), "envelope-refused");
});

Deno.test("envelope: it opens for its client, its parcel and its key alone", async () => {
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, BINDING);
  const cases: Partial<OpenEnvelopeOptions>[] = [
    { client: toBase64Url(new Uint8Array(32).fill(8)) },
    { parcel: new Uint8Array(32).fill(8) },
    { key: await generateHelperKey() },
  ];
  for (const over of cases) await refused(openShare(envelope, options(over)), "envelope-refused");
  await openShare(envelope, options());
});

Deno.test("envelope: one changed bit anywhere is refused", async () => {
  const envelope = await sealShare(new Uint8Array(32), key.publicKey, BINDING);
  const bit = fc.record({ at: fc.nat(envelope.length - 1), mask: fc.nat(7).map((it) => 1 << it) });
  await fc.assert(
    fc.asyncProperty(bit, async ({ at, mask }) => {
      const changed = envelope.with(at, envelope[at]! ^ mask);
      // X25519 leaves the top bit of a public key out of account, and HPKE takes it into the key.
      await assert.rejects(openShare(changed, options()), (error) => isTributaryError(error));
    }),
    { numRuns: 60 },
  );
});

Deno.test("envelope: bytes that were never an envelope have a code of their own, whatever they are", async () => {
  const random = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: envelopeBytes(32), maxLength: envelopeBytes(32) }),
    fc.uint8Array({ minLength: 80, maxLength: 80 }).map((tail) =>
      Uint8Array.of(1, 3, ...BINDING.sid, ...tail)
    ),
  );
  const codes = ["envelope-malformed", "sid-mismatch", "envelope-misaddressed", "envelope-refused"];
  await fc.assert(fc.asyncProperty(random, async (bytes) => {
    await assert.rejects(
      openShare(bytes, options()),
      (error) => isTributaryError(error) && codes.includes(error.code),
    );
  }));
});

Deno.test("envelope: a helper whose key agrees on nothing makes the task refused", async () => {
  const zero = new Uint8Array(32);
  for (const bad of [zero, zero.with(0, 1), new Uint8Array(31)]) {
    await assert.rejects(
      sealShare(zero, bad, BINDING),
      (error) => isTributaryError(error, "task-refused"),
    );
  }
});

Deno.test("envelope: bindings that are none are the caller's mistake", async () => {
  const cases: Partial<EnvelopeBinding>[] = [
    { helper: 0 },
    { helper: 33 },
    { helper: 1.5 },
    { sid: new Uint8Array(31) },
    { parcel: new Uint8Array(31) },
    { client: "someone" },
    { client: "" },
  ];
  for (const over of cases) {
    const binding = { ...BINDING, ...over };
    await assert.rejects(sealShare(new Uint8Array(32), key.publicKey, binding), RangeError);
  }
});

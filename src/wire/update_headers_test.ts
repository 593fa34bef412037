import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64 } from "../core/bytes.ts";
import { treeDigest, webDigest } from "../core/digest.ts";
import { isTributaryError } from "../core/errors.ts";
import { hex32 } from "./_testing.ts";
import { readUpdateHeaders, type UpdateHead, updateHeaders } from "./update_headers.ts";

const SLICE_BYTES = 100;
const slices = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
const digest = await treeDigest(slices, webDigest);
const HEAD: UpdateHead = {
  bytes: 250,
  digest,
  slices,
  sid: hex32(5),
  clients: 1,
  members: undefined,
};

const read = (headers: Headers, bytes: number = HEAD.bytes) =>
  readUpdateHeaders(headers, { bytes, sliceBytes: SLICE_BYTES });
const code = (expected: string) => (error: unknown) => {
  assert.ok(isTributaryError(error), String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};
function without(name: string): Headers {
  const headers = updateHeaders(HEAD);
  headers.delete(name);
  return headers;
}
function having(name: string, value: string): Headers {
  const headers = updateHeaders(HEAD);
  headers.set(name, value);
  return headers;
}

Deno.test("update headers: what is written is read", async () => {
  assert.deepEqual(await read(updateHeaders(HEAD)), HEAD);
  const region = { ...HEAD, clients: 610, members: hex32(6) };
  assert.deepEqual(await read(updateHeaders(region)), region);
  assert.deepEqual((await read(updateHeaders({ ...HEAD, clients: 0 }))).clients, 0);
});

Deno.test("update headers: any parcel's are read back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1200 }),
      fc.nat(1 << 24),
      async (bytes, clients) => {
        const slices = Array.from(
          { length: Math.ceil(bytes / SLICE_BYTES) },
          (_, at) => new Uint8Array(32).fill(at),
        );
        const head = {
          ...HEAD,
          bytes,
          slices,
          digest: await treeDigest(slices, webDigest),
          clients,
        };
        assert.deepEqual(await read(updateHeaders(head), bytes), head);
      },
    ),
    { numRuns: 30 },
  );
});

for (
  const [name, expected] of [
    ["content-length", "length-required"],
    ["tributary-digest", "digest-missing"],
    ["tributary-slices", "digest-missing"],
    ["tributary-sid", "bad-request"],
    ["tributary-clients", "bad-request"],
  ] as const
) {
  Deno.test(`update headers: without ${name} it is ${expected}`, async () => {
    await assert.rejects(read(without(name)), code(expected));
  });
}

const tree = `sha-256=:${toBase64(digest)}:`;
for (
  const [name, value, expected] of [
    ["content-length", "251", "body-too-long"],
    ["content-length", "99999999999999", "body-too-long"],
    ["content-length", "249", "length-mismatch"],
    ["content-length", "0", "length-mismatch"],
    ["content-length", "0250", "bad-request"],
    ["content-length", "250, 250", "bad-request"],
    ["content-length", "-250", "bad-request"],
    ["content-length", "2.5e2", "bad-request"],
    ["transfer-encoding", "chunked", "length-required"],
    ["tributary-digest", `${tree}, ${tree}`, "bad-request"],
    ["tributary-digest", `${tree}, sha-512=:AAAA:`, "bad-request"],
    ["tributary-digest", `${tree};a=1`, "bad-request"],
    ["tributary-digest", tree.replace("=:", "= :"), "bad-request"],
    ["tributary-digest", tree.replace("sha-256", "SHA-256"), "bad-request"],
    ["tributary-digest", "sha-256=:AAAA:", "bad-request"],
    ["tributary-digest", toBase64(digest), "bad-request"],
    ["tributary-digest", `sha-256=:${toBase64(new Uint8Array(32))}:`, "digest-mismatch"],
    ["tributary-slices", `:${toBase64(new Uint8Array(64))}:`, "bad-request"],
    ["tributary-slices", `:${toBase64(new Uint8Array(128))}:`, "bad-request"],
    ["tributary-slices", `:${toBase64(new Uint8Array(95))}:`, "bad-request"],
    ["tributary-slices", toBase64(new Uint8Array(96)), "bad-request"],
    ["tributary-slices", `:${toBase64(new Uint8Array(96))}:`, "digest-mismatch"],
    ["tributary-sid", hex32(5).slice(1), "bad-request"],
    ["tributary-sid", hex32(0xab).toUpperCase(), "bad-request"],
    ["tributary-sid", `${hex32(5)}, ${hex32(5)}`, "bad-request"],
    ["tributary-clients", "1, 1", "bad-request"],
    ["tributary-clients", "01", "bad-request"],
    ["tributary-clients", "-1", "bad-request"],
    ["tributary-clients", "1.0", "bad-request"],
    ["tributary-clients", "16777217", "bad-request"],
    ["tributary-members", "x", "bad-request"],
  ] as const
) {
  Deno.test(`update headers: ${name} of "${value.slice(0, 40)}" is ${expected}`, async () => {
    await assert.rejects(read(having(name, value)), code(expected));
  });
}

Deno.test("update headers: base64 with spare bits set is no other name of the same digests", async () => {
  const last = new Uint8Array(32).fill(3);
  const one = await treeDigest([last], webDigest);
  const headers = updateHeaders({ ...HEAD, bytes: 4, slices: [last], digest: one });
  const field = headers.get("tributary-slices") ?? "";
  assert.equal((await read(headers, 4)).slices.length, 1);
  // 32 bytes end in "M=": "N=" has the same bytes to a lenient decoder.
  headers.set("tributary-slices", field.replace(/(.)=:$/, "N=:"));
  assert.notEqual(headers.get("tributary-slices"), field);
  await assert.rejects(read(headers, 4), code("bad-request"));
});

Deno.test("update headers: a parcel of more slices than a header holds is too long", async () => {
  const headers = updateHeaders({ ...HEAD, bytes: 25_601 });
  await assert.rejects(read(headers, 25_601), code("body-too-long"));
});

const EVIDENCE = { bytes: 1000, digest: new Uint8Array(32).fill(9) };
const MASKED: UpdateHead = { ...HEAD, evidence: EVIDENCE };
const readMasked = (headers: Headers) =>
  readUpdateHeaders(headers, { bytes: HEAD.bytes, sliceBytes: SLICE_BYTES, leastEvidence: 900 });
function masked(change: (headers: Headers) => void): Headers {
  const headers = updateHeaders(MASKED);
  change(headers);
  return headers;
}

Deno.test("update headers: evidence is announced with its length and digest, beside the whole length", async () => {
  const headers = updateHeaders(MASKED);
  assert.equal(headers.get("content-length"), "1250");
  assert.deepEqual(await readMasked(headers), MASKED);
});

Deno.test("update headers: a body whose evidence tells its length may come as a stream", async () => {
  const streamed = { ...MASKED, isStream: true };
  assert.deepEqual(await readMasked(masked((it) => it.delete("content-length"))), streamed);
  assert.deepEqual(
    await readMasked(masked((it) => it.set("transfer-encoding", "chunked"))),
    streamed,
  );
});

for (
  const [what, change, expected] of [
    ["no evidence", (it: Headers) => it.delete("tributary-evidence"), "evidence-missing"],
    ["no digest", (it: Headers) => it.delete("tributary-evidence-digest"), "digest-missing"],
    ["too little", (it: Headers) => it.set("tributary-evidence", "899"), "length-mismatch"],
    ["another length", (it: Headers) => it.set("tributary-evidence", "1001"), "length-mismatch"],
    ["less than announced", (it: Headers) => it.set("tributary-evidence", "999"), "body-too-long"],
    ["a signed length", (it: Headers) => it.set("tributary-evidence", "+1000"), "bad-request"],
    ["a fraction", (it: Headers) => it.set("tributary-evidence", "1000.0"), "bad-request"],
    ["two lengths", (it: Headers) => it.append("tributary-evidence", "1000"), "bad-request"],
    [
      "a number too long",
      (it: Headers) => it.set("tributary-evidence", "9".repeat(16)),
      "bad-request",
    ],
    [
      "a short digest",
      (it: Headers) => it.set("tributary-evidence-digest", "sha-256=:AAAA:"),
      "bad-request",
    ],
    [
      "a digest of another kind",
      (it: Headers) => it.set("tributary-evidence-digest", "sha-512=:AAAA:"),
      "bad-request",
    ],
  ] as const
) {
  Deno.test(`update headers: a masked update with ${what} is ${expected}`, async () => {
    await assert.rejects(readMasked(masked(change)), code(expected));
  });
}

Deno.test("update headers: where nothing is masked no evidence may come, nor its digest", async () => {
  await assert.rejects(read(updateHeaders(MASKED)), code("bad-request"));
  await assert.rejects(
    read(masked((it) => {
      it.delete("tributary-evidence");
      it.set("content-length", "250");
    })),
    code("bad-request"),
  );
});

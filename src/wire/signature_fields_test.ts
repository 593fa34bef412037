import assert from "node:assert/strict";
import fc from "fast-check";
import { createSignature } from "http-message-sig";
import { toBase64 } from "../core/bytes.ts";
import { readSignatureFields, signatureBase } from "./signature_fields.ts";

const SIGNATURE = new Uint8Array(64).fill(7);
const FIELD = `tributary=:${toBase64(SIGNATURE)}:`;

const requests = fc.record({
  method: fc.constantFrom("GET", "PUT", "DELETE"),
  path: fc.constantFrom("", "/", "/v1/tasks", "/a%20b/c"),
  query: fc.constantFrom("", "?", "?after=1", "?a=/b&c=%3F"),
  headers: fc.record({
    "content-length": fc.constantFrom("0", "16"),
    "x-one": fc.string({ unit: "grapheme-ascii" }).map((text) => text.trim()),
    "tributary-sid": fc.constantFrom("0", "ab"),
  }),
});

Deno.test("signature fields: what the library signs has the same base here", async () => {
  await fc.assert(
    fc.asyncProperty(
      requests,
      fc.shuffledSubarray([
        "@method",
        "@path",
        "@query",
        "content-length",
        "x-one",
        "tributary-sid",
      ]),
      fc.record({
        created: fc.integer({ min: 0, max: 4e9 }),
        expires: fc.integer({ min: 0, max: 4e9 }),
        nonce: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
        keyid: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        tag: fc.constant("tributary"),
      }, { requiredKeys: ["created"] }),
      async ({ method, path, query, headers }, components, parameters) => {
        const request = new Request(`http://r.example${path}${query}`, { method, headers });
        let base: Uint8Array = new Uint8Array();
        const fields = await createSignature(
          {
            kind: "request",
            method,
            targetUri: request.url,
            fields: Object.entries(headers).map(([name, value]) => ({ name, value })),
          },
          {
            label: "tributary",
            components,
            parameters: { ...parameters, alg: "ed25519" },
            signer: { algorithm: "ed25519", sign: (bytes) => (base = bytes, SIGNATURE) },
          },
        );
        const read = readSignatureFields(fields.signatureInput, fields.signature);
        assert.deepEqual(read.components, components);
        assert.deepEqual({ ...read.parameters }, { ...parameters, alg: "ed25519" });
        assert.deepEqual(read.signature, SIGNATURE);
        assert.equal(
          new TextDecoder().decode(signatureBase(request, read)),
          new TextDecoder().decode(base),
        );
      },
    ),
  );
});

Deno.test("signature fields: every other spelling is refused", () => {
  const inputs = [
    "",
    "tributary",
    "tributary=",
    'other=("@method");created=1',
    'tributary=("@method");created=1, other=("@path");created=1',
    'tributary=("@method" "@method");created=1',
    'tributary=( "@method");created=1',
    'tributary=("@method"  "@path");created=1',
    'tributary=("@Method");created=1',
    'tributary=("@method";req);created=1',
    'tributary=("x";key="a");created=1',
    'tributary=("@method");created=1;created=2',
    'tributary=("@method");created="1"',
    'tributary=("@method");nonce=1',
    'tributary=("@method");other="x"',
    'tributary=("@method");__proto__="x"',
    'tributary=("@method");created=-1',
    'tributary=("@method");created=1.5',
    'tributary=("@method"); created=1',
    'tributary=("@method");nonce="a\\"b"',
    'tributary=("@method");nonce="ü"',
    `tributary=("@method");created=${"9".repeat(16)}`,
    'tributary=("@method");created=1 ',
  ];
  for (const input of inputs) {
    assert.throws(() => readSignatureFields(input, FIELD), { code: "signature-invalid" }, input);
  }
  const signatures = [
    "",
    "tributary=::",
    "tributary=:A:",
    "tributary=:AB==:",
    `${FIELD}, x=:AA==:`,
  ];
  for (const signature of signatures) {
    const input = 'tributary=("@method");created=1';
    assert.throws(() => readSignatureFields(input, signature), { code: "signature-invalid" });
  }
});

Deno.test("signature fields: a component that is not there, or not known, is refused", () => {
  const request = new Request("http://r.example/", { headers: { "x-odd": "\u00fc" } });
  for (const name of ["x-missing", "@authority", "@status", "@", "x-odd"]) {
    const read = () => readSignatureFields(`tributary=("${name}");created=1`, FIELD);
    assert.throws(() => signatureBase(request, read()), { code: "signature-invalid" }, name);
  }
});

Deno.test("signature fields: an empty list of components covers the parameters alone", () => {
  const read = readSignatureFields("tributary=();created=1", FIELD);
  const base = signatureBase(new Request("http://r.example/"), read);
  assert.equal(new TextDecoder().decode(base), '"@signature-params": ();created=1');
});

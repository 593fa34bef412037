import assert from "node:assert/strict";
import { utf8 } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { checkContentDigest, contentDigestOf } from "./content_digest.ts";

/** RFC 9421, section 2.1 and appendix B use this body and its sha-256. */
const BODY = utf8('{"hello": "world"}');
const FIELD = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";

const check = (field: string | undefined, body: Uint8Array = BODY) =>
  checkContentDigest(new Headers(field === undefined ? {} : { "content-digest": field }), body);
const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

Deno.test("content digest: the field of RFC 9421's example body", async () => {
  assert.equal(await contentDigestOf(BODY), FIELD);
  await check(FIELD);
});

Deno.test("content digest: other algorithms beside sha-256 are passed over", async () => {
  await check(`sha-512=:AAAA:, ${FIELD}`);
});

Deno.test("content digest: another body is a mismatch", async () => {
  await assert.rejects(check(FIELD, utf8('{"hello": "World"}')), code("digest-mismatch"));
  await assert.rejects(check("sha-256=:AAAA:"), code("digest-mismatch"));
});

Deno.test("content digest: none, or only other algorithms, is missing", async () => {
  await assert.rejects(check(undefined), code("digest-missing"));
  await assert.rejects(check("sha-512=:AAAA:"), code("digest-missing"));
  await assert.rejects(check(""), code("digest-missing"));
});

Deno.test("content digest: a malformed field is a bad request", async () => {
  for (
    const field of ["sha-256", "sha-256=1", 'sha-256="x"', "sha-256=:!:", "=:AAAA:", "sha-256=()"]
  ) {
    await assert.rejects(check(field), code("bad-request"), field);
  }
});

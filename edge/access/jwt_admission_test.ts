import assert from "node:assert/strict";
import { sign } from "hono/jwt";
import { isTributaryError } from "../../src/core/errors.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { stranger } from "../_operator_testing.ts";
import { testRoot } from "../_testing.ts";
import { admitByJwt, type JwtAdmissionOptions } from "./jwt_admission.ts";

const issuer = "https://login.test";
const applicant = { task: "t", member: "m", kind: "client", size: 1 } as const;
const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;

type Alg = "ES256" | "EdDSA" | "RS256";

async function keyPair(kid: string, alg: Alg) {
  const form = alg === "ES256" ? ES256 : alg === "EdDSA" ? { name: "Ed25519" } : {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: "SHA-256",
  };
  const pair = await crypto.subtle.generateKey(form, true, ["sign", "verify"]) as CryptoKeyPair;
  const privateJwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const publicJwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return {
    secret: { ...privateJwk, alg, kid },
    published: { ...publicJwk, alg, kid, use: "sig" },
  };
}

/** An issuer that answers for its keys, as long as it is there. */
async function testIssuer(alg: Alg = "ES256") {
  const clock = manualClock();
  const first = await keyPair("one", alg);
  const state = { keys: [first.published], isAway: false, asked: 0 };
  const admit = (options: Partial<JwtAdmissionOptions> = {}) =>
    admitByJwt({
      issuer,
      audience: "fleet",
      clock,
      fetch: (request) => {
        state.asked++;
        if (state.isAway) return Promise.reject(new TypeError("connection refused"));
        const { pathname } = new URL(request.url);
        if (pathname === "/.well-known/openid-configuration") {
          return Promise.resolve(Response.json({ issuer, jwks_uri: `${issuer}/keys` }));
        }
        assert.equal(pathname, "/keys");
        return Promise.resolve(Response.json({ keys: state.keys }));
      },
      ...options,
    });
  const nowS = () => Math.floor(clock.now() / 1000);
  const token = (claims: Record<string, unknown> = {}, key = first.secret) =>
    sign(
      { iss: issuer, aud: "fleet", sub: "ann", exp: nowS() + 600, iat: nowS(), ...claims },
      key as Parameters<typeof sign>[1],
      alg,
    );
  return { clock, state, admit, token, nowS, alg };
}

for (const alg of ["ES256", "EdDSA", "RS256"] as const) {
  Deno.test(`tokens of an issuer: by ${alg}, for this audience, of one subject`, async () => {
    const { admit, token } = await testIssuer(alg);
    const decide = admit();
    const one = await decide({ ...applicant, token: await token() });
    assert.equal(one.kind, "subject");
    assert.deepEqual(await decide({ ...applicant, token: await token() }), one);
    assert.notDeepEqual(await decide({ ...applicant, token: await token({ sub: "bob" }) }), one);
    assert.equal((await decide({ ...applicant, token: undefined })).kind, "refused");
  });
}

Deno.test("tokens of an issuer: what is wrong, over or for others is refused", async () => {
  const { admit, token, nowS } = await testIssuer();
  const decide = admit();
  const wrong: Record<string, Record<string, unknown>> = {
    "another issuer's": { iss: "https://other.test" },
    "for another audience": { aud: "other" },
    "without an audience": { aud: undefined },
    "over": { exp: nowS() - 61 },
    "without an end": { exp: undefined },
    "from the future": { iat: nowS() + 120 },
    "not yet good": { nbf: nowS() + 120 },
    "with an end that is no time": { exp: "never" },
    "without a subject": { sub: undefined },
    "with an empty subject": { sub: "" },
    "with a long subject": { sub: "x".repeat(256) },
    "with a subject that is no text": { sub: 7 },
  };
  for (const [what, claims] of Object.entries(wrong)) {
    const admission = await decide({ ...applicant, token: await token(claims) });
    assert.equal(admission.kind, "refused", what);
  }
  // Within the allowance for clocks.
  assert.equal(
    (await decide({ ...applicant, token: await token({ exp: nowS() - 59 }) })).kind,
    "subject",
  );
  assert.equal(
    (await decide({ ...applicant, kind: "region", token: await token() })).kind,
    "refused",
  );
});

Deno.test("tokens of an issuer: another's key, a changed token, alg none or HS256 do not pass", async () => {
  const { admit, token, state, nowS } = await testIssuer();
  const decide = admit();
  const kindOf = async (token: string) => (await decide({ ...applicant, token })).kind;
  const forger = await keyPair("one", "ES256");
  assert.equal(await kindOf(await token({}, forger.secret)), "refused");
  const good = await token();
  const [head = "", , signature = ""] = good.split(".");
  const part = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const claims = { iss: issuer, aud: "fleet", sub: "eve", exp: nowS() + 600 };
  assert.equal(await kindOf(`${head}.${part(claims)}.${signature}`), "refused");
  assert.equal(
    await kindOf(`${part({ alg: "none", typ: "JWT", kid: "one" })}.${part(claims)}.`),
    "refused",
  );
  // A public key taken for the secret of a symmetric algorithm.
  const secret = JSON.stringify(state.keys[0]);
  const symmetric = await sign(
    claims,
    { kty: "oct", k: part(secret), alg: "HS256", kid: "one" } as never,
    "HS256",
  );
  assert.equal(await kindOf(symmetric), "refused");
  assert.equal(
    (await admit({ algorithms: ["RS256"] })({ ...applicant, token: good })).kind,
    "refused",
  );
  for (const text of ["", "a.b.c", "a.b", "....", `${"a".repeat(8000)}.b.c`]) {
    assert.equal(await kindOf(text), "refused");
  }
});

Deno.test("tokens of an issuer: its keys are asked for once, again when they change, and not for every stranger's", async () => {
  const { admit, token, state, clock } = await testIssuer();
  const decide = admit({ keysUrl: `${issuer}/keys` });
  const kindOf = async (token: string) => (await decide({ ...applicant, token })).kind;
  const good = await token({ exp: Math.floor(clock.now() / 1000) + 400_000 });
  await Promise.all([kindOf(good), kindOf(good)]);
  assert.equal(state.asked, 1);
  const second = await keyPair("two", "ES256");
  const next = await token({ sub: "bob" }, second.secret);
  for (let i = 0; i < 5; i++) assert.equal(await kindOf(next), "refused");
  assert.equal(state.asked, 1);
  state.keys = [second.published];
  clock.advance(10_000);
  assert.equal(await kindOf(next), "subject");
  assert.equal(state.asked, 2);
  // The old key is gone with the set that had it.
  assert.equal(await kindOf(good), "refused");
  state.isAway = true;
  clock.advance(700_000);
  assert.equal(await kindOf(next), "refused", "it is over");
  const fresh = await token({ sub: "bob" }, second.secret);
  assert.equal(await kindOf(fresh), "subject");
  clock.advance(86_400_000);
  await assert.rejects(
    kindOf(await token({}, second.secret)),
    (error) => isTributaryError(error, "busy") && error.retryAfterS === 10,
  );
});

Deno.test("tokens of an issuer: one subject has one member unless more are allowed", async () => {
  const { admit, token } = await testIssuer();
  for (const membersPerSubject of [1, 2]) {
    await using root = await testRoot({ admit: admit({ membersPerSubject }) });
    for (let i = 0; i < membersPerSubject; i++) {
      const one = await stranger(root);
      await one.enrol(await token());
      await one.enrol(await token());
    }
    await assert.rejects(
      (await stranger(root)).enrol(await token()),
      (error) => isTributaryError(error, "token-spent"),
    );
    await (await stranger(root)).enrol(await token({ sub: "bob" }));
  }
});

Deno.test("tokens of an issuer: a redirect to somebody else's keys is not followed", async () => {
  const { admit, token, state } = await testIssuer();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const isThere = new URL(request.url).pathname === "/there";
    if (isThere) return Response.json({ keys: state.keys });
    return new Response(null, { status: 302, headers: { location: "/there" } });
  });
  const at = `http://127.0.0.1:${server.addr.port}`;
  const kindAt = async (keysUrl: string) => {
    const decide = admit({ keysUrl, fetch: (request) => fetch(request) });
    return (await decide({ ...applicant, token: await token() })).kind;
  };
  try {
    await assert.rejects(kindAt(`${at}/keys`), { code: "busy" });
    assert.equal(await kindAt(`${at}/there`), "subject");
  } finally {
    await server.shutdown();
  }
});

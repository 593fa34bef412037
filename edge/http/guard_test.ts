import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity, identityId, webCheckOf } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { nativeCheckOf } from "../deno/mod.ts";
import { createGuard } from "./guard.ts";

const REGION = "A".repeat(43);
const URL = "http://r.example/v1/x";

/** A signature that fits every message under the neutral element, where it is taken for a key. */
const FORGED = new Uint8Array(64).with(0, 1);

for (const [name, checkOf] of Object.entries({ nativeCheckOf, webCheckOf })) {
  Deno.test(`guard: with ${name}, a public key that no key pair has is refused by code`, async () => {
    const clock = manualClock();
    const guard = createGuard({
      region: REGION,
      clock,
      maxAgeS: 300,
      skewS: 60,
      nonces: 10,
      memberRate: { perS: 1, burst: 10 },
      checkOf,
    });
    // The neutral element, zero, and no point at all.
    for (const first of [1, 0, 2]) {
      const publicKey = new Uint8Array(32).with(0, first);
      const id = await identityId(publicKey);
      const identity = { id, publicKey, sign: () => Promise.resolve(FORGED) };
      const headers = await signedHeaders(
        { method: "DELETE", url: URL, headers: new Headers() },
        { identity, region: REGION, clock, random: systemRandom },
      );
      const request = new Request(URL, { method: "DELETE", headers });
      const claim = { kind: "empty", member: id, isKnown: true } as const;
      await assert.rejects(
        guard.check(request, claim),
        (error) => isTributaryError(error, "signature-invalid"),
        `a key that begins with ${first}`,
      );
    }
  });
}

Deno.test("guard: of one member so many requests are taken, and a forger cannot use them up", async () => {
  const clock = manualClock();
  clock.advance(1);
  const rate = { perS: 1, burst: 2 };
  const guard = createGuard({
    ...{ region: REGION, clock, maxAgeS: 300, skewS: 60, nonces: 1000 },
    memberRate: rate,
    checkOf: nativeCheckOf,
  });
  clock.advance(1000);
  const [a, eve] = [await generateIdentity(), await generateIdentity()];
  const check = async (identity: typeof a, member: string, size?: number) => {
    const headers = await signedHeaders(
      { method: "DELETE", url: URL, headers: new Headers() },
      { identity, region: REGION, clock, random: systemRandom },
    );
    const claim = { kind: "empty", member, isKnown: true, ...(size && { size }) } as const;
    return await guard.check(new Request(URL, { method: "DELETE", headers }), claim).then(
      () => "taken",
      (error) => error.code,
    );
  };
  for (let i = 0; i < 5; i++) assert.equal(await check(eve, a.id), "signature-invalid");
  const codes = [];
  for (let i = 0; i < 3; i++) codes.push(await check(a, a.id));
  assert.deepEqual(codes, ["taken", "taken", "too-many-requests"]);
  clock.advance(1000);
  assert.equal(await check(a, a.id), "taken");
  // A region of three clients may send as much as they could.
  for (let i = 0; i < 6; i++) assert.equal(await check(eve, eve.id, 3), "taken");
  assert.equal(await check(eve, eve.id, 3), "too-many-requests");
});

import assert from "node:assert/strict";
import { isTributaryError } from "../src/core/errors.ts";
import { identityId, webCheckOf } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { manualClock } from "../src/wire/_testing.ts";
import { signedHeaders } from "../src/wire/signing.ts";
import { nativeCheckOf } from "./deno/mod.ts";
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

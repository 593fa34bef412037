import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { isTributaryError } from "../core/errors.ts";
import { systemRandom } from "../core/random.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { SHARE_PRIME } from "../wasm/kahe.ts";
import { checkShare, joinSecret, secretWords, splitSecrets, wordsSecret } from "./secret_shares.ts";
import { module } from "./secagg_plus_testing.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

interface Case {
  readonly field: string;
  readonly threshold: number;
  readonly secret: string;
  readonly x: readonly number[];
  readonly shares: readonly string[];
  readonly subsets: readonly { readonly x: readonly number[]; readonly secret: string }[];
}

Deno.test("secret shares: a secret is nine words of 29 bits, lowest first, and back again", () => {
  fc.assert(fc.property(bytes32, (secret) => {
    const words = secretWords(secret);
    const value = [...secret].reduceRight((sum, byte) => sum << 8n | BigInt(byte), 0n);
    const want = Array.from(
      { length: 9 },
      (_, at) => Number(value >> BigInt(29 * at) & 0x1fffffffn),
    );
    assert.deepEqual([...words], want);
    assert.deepEqual(wordsSecret(words), new Uint8Array(secret));
  }));
});

Deno.test("secret shares: any threshold of the shares gives both secrets back", () => {
  using core = createAggregateCore(module);
  fc.assert(
    fc.property(
      bytes32,
      bytes32,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 12 }),
      fc.infiniteStream(fc.nat()),
      (a, b, threshold, more, picks) => {
        const shares = threshold + more;
        const rows = splitSecrets(core, [a, b], { shares, threshold, random: systemRandom });
        assert.equal(rows.length, shares);
        const left = Array.from({ length: shares }, (_, at) => at + 1);
        const chosen = Array.from(
          { length: threshold },
          () => left.splice(picks.next().value! % left.length, 1)[0]!,
        );
        [a, b].forEach((secret, which) => {
          const some = chosen.map((party) => ({ party, share: rows[party - 1]![which]! }));
          assert.deepEqual(joinSecret(core, some), new Uint8Array(secret));
        });
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("secret shares: the largest table's 85 of 122", () => {
  using core = createAggregateCore(module);
  const secret = systemRandom(32);
  const rows = splitSecrets(core, [secret], { shares: 122, threshold: 85, random: systemRandom });
  const last = rows.map(([share], at) => ({ party: at + 1, share: share! })).slice(-85);
  assert.deepEqual(joinSecret(core, last), secret);
});

const shamir = sharedVectors<{ cases: Case[] }>("shamir.json");

Deno.test("secret shares: known answers of the field come back from every subset", {
  ignore: shamir.ignore,
}, () => {
  using core = createAggregateCore(module);
  const cases = shamir.read().cases.filter(({ field }) => field === "ntt30");
  assert.ok(cases.length > 0);
  for (const { x, shares, subsets } of cases) {
    for (const subset of subsets) {
      // Word 0 of nine holds the value; all others are those of a polynomial that is 0.
      const some = subset.x.map((party) => {
        const share = new Uint8Array(36);
        const word = parseInt(shares[x.indexOf(party)]!, 16);
        new DataView(share.buffer).setUint32(0, word, true);
        return { party, share };
      });
      const secret = parseInt(subset.secret, 16);
      // The vectors' secrets may have 30 bits, which no word of ours has.
      if (secret >= 2 ** 29) {
        assert.throws(
          () => joinSecret(core, some),
          (e) => isTributaryError(e, "shares-inconsistent"),
        );
        continue;
      }
      const want = wordsSecret(Uint32Array.from({ length: 9 }, (_, at) => at === 0 ? secret : 0));
      assert.deepEqual(joinSecret(core, some), want);
    }
  }
});

Deno.test("secret shares: shares of too few give a secret that is not it", () => {
  using core = createAggregateCore(module);
  const secret = systemRandom(32);
  const rows = splitSecrets(core, [secret], { shares: 5, threshold: 4, random: systemRandom });
  const few = rows.slice(0, 3).map(([share], at) => ({ party: at + 1, share: share! }));
  let found: Uint8Array | undefined;
  try {
    found = joinSecret(core, few);
  } catch (error) {
    assert.ok(isTributaryError(error, "shares-inconsistent"));
  }
  assert.notDeepEqual(found, secret);
});

Deno.test("secret shares: bytes that are no share are refused by name", () => {
  const last = new Uint8Array(36);
  new DataView(last.buffer).setUint32(32, SHARE_PRIME, true);
  for (const share of [new Uint8Array(35), new Uint8Array(40), last]) {
    assert.throws(() => checkShare(share), (error) => isTributaryError(error, "share-malformed"));
  }
  new DataView(last.buffer).setUint32(32, SHARE_PRIME - 1, true);
  checkShare(last);
});

Deno.test("secret shares: a secret of another length, or more shares than the core takes, is a mistake", () => {
  using core = createAggregateCore(module);
  const random = systemRandom;
  assert.throws(() => secretWords(new Uint8Array(31)), RangeError);
  for (const [shares, threshold] of [[3, 4], [129, 5], [3, 0]] as const) {
    assert.throws(
      () => splitSecrets(core, [random(32)], { shares, threshold, random }),
      RangeError,
    );
  }
});

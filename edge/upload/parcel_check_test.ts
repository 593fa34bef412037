import assert from "node:assert/strict";
import { type ErrorCode, isTributaryError } from "../../src/core/errors.ts";
import { ringOf } from "../../src/mask/ring.ts";
import { inlineModule } from "../../src/wasm/mod.ts";
import { KAHE_RINGS } from "../../src/wasm/kahe.ts";
import { createParcelCheck, type ParcelCheck } from "./parcel_check.ts";

const module = await inlineModule("aggregate");
/** 100 clients in 12-bit slots: five bits a value, so grid points from 0 to 30. */
const GRID = { ring: { ...ringOf("u32"), sliceBytes: 32 }, largest: 30 };

function bytesOf(...words: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function refused(check: ParcelCheck, code: ErrorCode, slice: Uint8Array, clients: number): void {
  assert.throws(() => check.check(slice, clients), (error) => isTributaryError(error, code));
}

Deno.test("parcel check: grid points of one client and sums of several pass up to the largest", () => {
  using words = createParcelCheck(module, GRID);
  words.check(bytesOf(0, 30, 15, 1), 1);
  words.check(bytesOf(90, 0, 7), 3);
  words.check(bytesOf(), 1);
});

Deno.test("parcel check: one word above what so many clients can send is refused", () => {
  using words = createParcelCheck(module, GRID);
  for (
    const [slice, clients] of [
      [bytesOf(0, 31), 1],
      [bytesOf(91), 3],
      [bytesOf(0, 0, 0, 0, 0, 0, 2 ** 32 - 1), 100],
      [bytesOf(1), 0],
    ] as const
  ) {
    refused(words, "update-out-of-range", slice, clients);
  }
});

Deno.test("parcel check: any masked word passes mod 2^32", () => {
  using words = createParcelCheck(module, { ring: ringOf("u32"), largest: undefined });
  words.check(bytesOf(2 ** 32 - 1, 0, 2 ** 31), 1);
});

for (const [name, ring] of [["rns27", KAHE_RINGS.P1], ["rns30", KAHE_RINGS.P2]] as const) {
  Deno.test(`parcel check: in ${name} the largest residues pass again and again, the primes do not`, () => {
    using check = createParcelCheck(module, { ring: ringOf(name), largest: undefined });
    const polynomials = (count: number) =>
      Array.from({ length: count }, () => ring.primes).flat()
        .flatMap((prime) => new Array<number>(ring.degree).fill(prime - 1));
    const largest = polynomials(2);
    for (let times = 0; times < 5; times++) check.check(bytesOf(...largest), 1);
    check.check(bytesOf(...polynomials(1)), 1);
    for (const [row, prime] of ring.primes.entries()) {
      for (const at of [0, ring.degree - 1]) {
        const spoilt = [...largest];
        spoilt[row * ring.degree + at] = prime;
        refused(check, "residue-out-of-range", bytesOf(...spoilt), 1);
      }
    }
    check.check(bytesOf(...largest), 1);
  });
}

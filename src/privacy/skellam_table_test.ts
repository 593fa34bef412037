import assert from "node:assert/strict";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import { logSkellamTail, skellamTable } from "./skellam_table.ts";

/** Bits of the reference's fractions. */
const BITS = 600n;

/**
 * `P(|X| ≥ j)` in units of 2^-127, from the series `I_x(v) = Σ (v/2)^(2k+x) / (k!·(k+x)!)`, term by term:
 * another way than the recurrence.
 */
function tails(mean: bigint, most: number): bigint[] {
  const besselOf = (x: number): bigint => {
    let term = 1n << BITS;
    for (let i = 1n; i <= BigInt(x); i++) term = term * mean / i;
    let sum = term;
    for (let k = 1n; term > 0n; k++) {
      term = term * mean * mean / (k * (k + BigInt(x)));
      sum += term;
    }
    return sum;
  };
  const terms = Array.from({ length: most + 1 }, (_, x) => besselOf(x));
  const total = terms.reduce((sum, term, x) => sum + (x === 0 ? term : 2n * term), 0n);
  let above = 0n;
  const found: bigint[] = [];
  for (let x = most; x >= 1; x--) {
    above += terms[x] ?? 0n;
    found[x - 1] = (2n * above << 127n) / total;
  }
  return found;
}

function entriesOf(table: Uint32Array): bigint[] {
  return Array.from(
    { length: table.length / 4 },
    (_, i) => [3, 2, 1, 0].reduce((sum, word) => sum << 32n | BigInt(table[4 * i + word] ?? 0), 0n),
  );
}

/** `P(|X| = x)` as a table has it. */
function magnitudes(table: Uint32Array): number[] {
  const entries = [1n << 127n, ...entriesOf(table), 0n];
  return entries.slice(0, -1).map((entry, x) => Number(entry - (entries[x + 1] ?? 0n)) / 2 ** 127);
}

Deno.test("skellam table: every entry is that of the series, to the last of 127 bits but one", () => {
  for (const mean of [1, 2, 13, 200]) {
    const entries = entriesOf(skellamTable({ variance: 2 * mean, most: 1e9 }));
    const reference = tails(BigInt(mean), entries.length + 60);
    entries.forEach((entry, i) => {
      const off = entry - (reference[i] ?? 0n);
      assert.ok(off >= -1n && off <= 1n, `variance ${2 * mean}, entry ${i + 1}: off by ${off}`);
    });
    assert.ok((reference[entries.length] ?? 1n) <= 1n, "a table ends where nothing is left");
  }
});

Deno.test("skellam table: noise that is cut off is what is left, made whole again", () => {
  const [whole, cut] = [1e9, 10].map((most) => magnitudes(skellamTable({ variance: 9, most })));
  const kept = whole?.slice(0, 11).reduce((sum, p) => sum + p, 0) ?? 0;
  assert.equal(cut?.length, 11);
  cut?.forEach((p, x) => assert.ok(Math.abs(p - (whole?.[x] ?? 0) / kept) < 1e-15));
});

Deno.test("skellam table: the variance is the one that was asked for, small and large", () => {
  for (const variance of [1e-6, 0.1, 3.7, 1000.5, 3e5]) {
    const found = magnitudes(skellamTable({ variance, most: 1e9 }))
      .reduce((sum, p, x) => sum + p * x * x, 0);
    assert.ok(Math.abs(found / variance - 1) < 1e-12, `${variance}: ${found}`);
  }
});

Deno.test("skellam table: Chernoff's bound is above every tail, and near it", () => {
  for (const variance of [0.5, 26, 4000]) {
    entriesOf(skellamTable({ variance, most: 1e9 })).forEach((entry, i) => {
      const tail = Number(entry) / 2 ** 127;
      if (tail < 1e-35) return;
      const bound = Math.exp(logSkellamTail(i + 1, variance));
      assert.ok(bound >= tail && bound < 60 * tail, `${variance}, ${i + 1}: ${bound}, ${tail}`);
    });
  }
});

Deno.test("skellam table: what makes none is refused with what was found", () => {
  for (const variance of [0, -1, NaN, Infinity]) {
    assert.throws(() => skellamTable({ variance, most: 5 }), {
      name: "RangeError",
      message: new RegExp(`of variance ${variance} up to 5: expected numbers above 0`),
    });
  }
  assert.throws(() => skellamTable({ variance: 1, most: 0 }), RangeError);
  assert.throws(() => skellamTable({ variance: 1e9, most: 1e9 }), /expected at most 65535/);
});

/** Draws by the core. */
async function drawn(variance: number, count: number): Promise<Int32Array> {
  using core = createAggregateCore(await inlineModule("aggregate"));
  const words = core.memory.alloc(4 * count);
  core.memory.u32(words).fill(0);
  const seed = new Uint8Array(32).fill(variance % 251);
  core.addNoise(words, {
    ...{ table: skellamTable({ variance, most: 1e9 }), seed },
    ...{ stream: 3, offset: 0 },
  });
  return core.memory.i32(words).slice();
}

for (const [variance, route] of [[0.3, "scanned"], [40, "scanned"], [2500, "searched"]] as const) {
  Deno.test(`skellam noise: of variance ${variance}, ${route}, every value is as frequent as it should be`, async () => {
    const count = 400_000;
    const samples = await drawn(variance, count);
    const expected = magnitudes(skellamTable({ variance, most: 1e9 }));
    const seen = new Map<number, number>();
    samples.forEach((x) => seen.set(x, (seen.get(x) ?? 0) + 1));
    let [chi, cells] = [0, 0];
    let [rest, restSeen] = [1, count];
    expected.forEach((p, x) => {
      const each = x === 0 ? p : p / 2;
      for (const value of x === 0 ? [0] : [x, -x]) {
        if (each * count < 20) continue;
        const found = seen.get(value) ?? 0;
        chi += (found - each * count) ** 2 / (each * count);
        cells++;
        rest -= each;
        restSeen -= found;
      }
    });
    // Tails go together.
    if (rest * count >= 5) chi += (restSeen - rest * count) ** 2 / (rest * count);
    assert.ok(cells >= 5 && Math.abs(chi - cells) < 5 * Math.sqrt(2 * cells), `${chi} of ${cells}`);
  });
}

Deno.test("skellam noise: the empirical distribution is near the exact one everywhere (Kolmogorov)", async () => {
  for (const variance of [90_000, 6.25]) {
    const count = 200_000;
    const samples = (await drawn(variance, count)).sort();
    const expected = magnitudes(skellamTable({ variance, most: 1e9 }));
    const most = expected.length - 1;
    let [below, at, worst] = [0, 0, 0];
    for (let x = -most; x <= most; x++) {
      below += (expected[Math.abs(x)] ?? 0) / (x === 0 ? 1 : 2);
      while (at < count && (samples[at] ?? 0) <= x) at++;
      worst = Math.max(worst, Math.abs(at / count - below));
    }
    // Exceeded once in 2·10^5 runs.
    assert.ok(worst < 2.5 / Math.sqrt(count), `${worst}`);
  }
});

Deno.test("skellam noise: samples of one run and of neighbours know nothing of each other", async () => {
  const samples = await drawn(100, 400_000);
  for (const lag of [1, 2, 31, 32, 1024]) {
    let sum = 0;
    for (let i = lag; i < samples.length; i++) sum += (samples[i] ?? 0) * (samples[i - lag] ?? 0);
    const correlation = sum / 100 / (samples.length - lag);
    assert.ok(Math.abs(correlation) < 5 / Math.sqrt(samples.length), `lag ${lag}: ${correlation}`);
  }
});

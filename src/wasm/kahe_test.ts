import assert from "node:assert/strict";
import fc from "fast-check";
import {
  gaussian,
  lagrange,
  maskOne,
  openOne,
  publicRows,
  REFERENCE_RINGS,
  tailTable,
  uniform,
} from "../mask/reference_testing.ts";
import { type AggregateCore, createAggregateCore } from "./aggregate.ts";
import type { Span } from "./core_memory.ts";
import { inlineModule } from "./inline.ts";
import {
  KAHE_RINGS,
  type KaheRing,
  type KaheSlots,
  type KaheTables,
  keyBytes,
  MOST_SHARES,
  polynomialBytes,
  SHARE_PRIME,
  tableBytes,
} from "./kahe.ts";

const module = await inlineModule("aggregate");
const RINGS = Object.values(KAHE_RINGS);
const SHAPES = RINGS.flatMap((ring) => ring.slots.map((slots) => ({ ring, slots })));

function seedOf(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => 41 * number + 7 * i);
}

function place(core: AggregateCore, words: ArrayLike<number>): Span {
  const span = core.memory.alloc(4 * words.length);
  core.memory.u32(span).set(words);
  return span;
}

function tablesOf(core: AggregateCore, ring: KaheRing): KaheTables {
  const tables = { ring, span: core.memory.alloc(tableBytes(ring)) };
  core.fillKaheTables(tables);
  return tables;
}

/** Words that look random, the same in every run, below a bound. */
function below(bound: number, count: number, seed: number): Uint32Array {
  let state = seed >>> 0;
  return Uint32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  });
}

function unsigned(key: readonly number[]): number[] {
  return key.map((word) => word < 0 ? word + SHARE_PRIME : word);
}

const known = new Map<string, number[][]>();

/** The reference's `a`, which takes seconds: once for each ring and polynomial. */
function publicOf({ name }: KaheRing, poly: number): number[][] {
  const rows = known.get(`${name} ${poly}`) ?? publicRows(REFERENCE_RINGS[name], seedOf(1), poly);
  known.set(`${name} ${poly}`, rows);
  return rows;
}

/** A client's residues of some polynomials, from its key as signed numbers. */
function masked(
  core: AggregateCore,
  { ring, slots, key, values, first, errorSeed }: {
    ring: KaheRing;
    slots: KaheSlots;
    key: readonly number[];
    values: Uint32Array;
    first: number;
    errorSeed: Uint8Array;
  },
): Uint32Array {
  const mark = core.memory.mark();
  const tables = tablesOf(core, ring);
  const transformed = core.memory.alloc(keyBytes(ring));
  core.transformKey(tables, { key: place(core, unsigned(key)), out: transformed });
  const polys = values.length / (slots.count * ring.degree);
  const residues = core.memory.alloc(polys * polynomialBytes(ring));
  const work = { tables, key: transformed, publicSeed: seedOf(1), slots, first, residues };
  core.maskValues({ ...work, values: place(core, values) }, errorSeed);
  const out = core.memory.u32(residues).slice();
  core.memory.release(mark);
  return out;
}

Deno.test("kahe: a key is the reference's Gaussian, with the share prime added below zero", () => {
  using core = createAggregateCore(module);
  for (const length of [1, 31, 32, 33, 4096]) {
    const key = core.memory.alloc(4 * length);
    core.drawKey(seedOf(length), key);
    const want = gaussian(length, { tenths: 45, key: seedOf(length), nonce: [0, 0, 0] });
    assert.deepEqual([...core.memory.u32(key)], unsigned(want));
  }
});

Deno.test("kahe: the reference's tables end where less than 2^-128 is left", () => {
  for (const [tenths, entries] of [[45, 59], [64, 84]] as const) {
    const table = tailTable(tenths);
    assert.equal(table.length, entries);
    assert.ok(table.every((entry, i) => i === 0 || entry < table[i - 1]!));
    assert.ok(table[0]! < 1n << 127n && table.at(-1)! < 4n);
  }
});

for (const { ring, slots } of SHAPES) {
  const shape = `${ring.name}, ${slots.count} × ${slots.bits}`;
  Deno.test(`kahe: one polynomial is masked as the reference masks it, word by word: ${shape}`, () => {
    using core = createAggregateCore(module);
    const key = gaussian(ring.degree, { tenths: 45, key: seedOf(2), nonce: [0, 0, 0] });
    const values = below(2 ** slots.bits, slots.count * ring.degree, 3);
    values.set([0, 2 ** slots.bits - 1]);
    const poly = 5;
    const got = masked(core, { ring, slots, key, values, first: poly, errorSeed: seedOf(4) });
    const want = maskOne({
      ring: REFERENCE_RINGS[ring.name],
      slots,
      a: publicOf(ring, poly),
      errorSeed: seedOf(4),
      key,
      poly,
      values,
    });
    assert.deepEqual([...got], want);
  });
}

Deno.test("kahe: a sum opens to what the reference says it holds, error and values", () => {
  using core = createAggregateCore(module);
  const { ring, slots } = SHAPES[0]!;
  const clients = [1, 2, 3].map((client) => ({
    key: gaussian(ring.degree, { tenths: 45, key: seedOf(client), nonce: [0, 0, 0] }),
    values: below(2 ** slots.bits / 3, slots.count * ring.degree, client),
    errorSeed: seedOf(10 + client),
  }));
  const residues = clients.map((client) => masked(core, { ring, slots, first: 9, ...client }));
  const sum = place(core, residues[0]!);
  for (const other of residues.slice(1)) {
    assert.equal(core.addResidues(ring, { acc: sum, x: place(core, other) }), -1);
  }
  const sumWords = [...core.memory.u32(sum)];
  assert.deepEqual(
    sumWords,
    sumWords.map((_, i) =>
      residues.reduce((total, row) => total + row[i]!, 0) %
      ring.primes[Math.floor(i / ring.degree)]!
    ),
  );
  const key = clients[0]!.key.map((_, i) => clients.reduce((total, { key }) => total + key[i]!, 0));
  const opened = openOne(sumWords, {
    ring: REFERENCE_RINGS[ring.name],
    slots,
    a: publicOf(ring, 9),
    key,
  });

  const tables = tablesOf(core, ring);
  const transformed = core.memory.alloc(keyBytes(ring));
  core.transformKey(tables, { key: place(core, unsigned(key)), out: transformed });
  const values = core.memory.alloc(4 * slots.count * ring.degree);
  const work = { tables, key: transformed, publicSeed: seedOf(1), slots, first: 9 };
  const noise = core.openValues({ ...work, values, residues: sum });
  const want = clients[0]!.values.map((_, i) =>
    clients.reduce((total, { values }) => total + values[i]!, 0)
  );
  assert.deepEqual([...core.memory.u32(values)], [...want]);
  assert.deepEqual(
    [...want],
    Array.from(want, (_, i) => opened[i % ring.degree]!.values[Math.floor(i / ring.degree)]),
  );
  const errors = opened.map(({ error }) => Math.abs(Number(error)));
  assert.deepEqual(noise, {
    most: Math.max(...errors),
    squares: errors.reduce((total, error) => total + error * error, 0),
  });
});

Deno.test("kahe: polynomials do not depend on which others are masked in the same call", () => {
  using core = createAggregateCore(module);
  for (const { ring, slots } of SHAPES) {
    const key = gaussian(ring.degree, { tenths: 45, key: seedOf(5), nonce: [0, 0, 0] });
    const values = below(2 ** slots.bits, 3 * slots.count * ring.degree, 6);
    const shared = { ring, slots, key, errorSeed: seedOf(7) };
    const whole = masked(core, { ...shared, values, first: 2 });
    const words = polynomialBytes(ring) / 4;
    for (const poly of [0, 1, 2]) {
      const size = slots.count * ring.degree;
      const alone = values.slice(poly * size, (poly + 1) * size);
      assert.deepEqual(
        masked(core, { ...shared, values: alone, first: 2 + poly }),
        whole.slice(poly * words, (poly + 1) * words),
      );
    }
  }
});

Deno.test("kahe: a word that is no residue is refused by its row, and the sum stays as it was", () => {
  using core = createAggregateCore(module);
  for (const ring of RINGS) {
    const words = 2 * polynomialBytes(ring) / 4;
    const valid = Uint32Array.from(
      { length: words },
      (_, i) => ring.primes[Math.floor(i / ring.degree) % ring.primes.length]! - 1 - i % 7,
    );
    const cases = fc.record({
      at: fc.nat(words - 1),
      over: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32),
    });
    fc.assert(
      fc.property(cases, ({ at, over }) => {
        const mark = core.memory.mark();
        const acc = place(core, valid);
        const row = Math.floor(at / ring.degree);
        const prime = ring.primes[row % ring.primes.length]!;
        const bad = valid.slice();
        bad[at] = Math.min(prime + over, 2 ** 32 - 1);
        assert.equal(core.addResidues(ring, { acc, x: place(core, bad) }), row);
        assert.deepEqual(core.memory.u32(acc), valid);
        core.memory.release(mark);
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("kahe: a share is the stream of its seed mod the share prime", () => {
  using core = createAggregateCore(module);
  for (const length of [4, 64, 2048, 4096]) {
    const share = core.memory.alloc(4 * length);
    core.expandShare(seedOf(length), share);
    const want = uniform(length, { p: SHARE_PRIME, key: seedOf(length), nonce: [0, 0, 0] });
    assert.deepEqual([...core.memory.u32(share)], want);
  }
});

Deno.test("kahe: shares lie on one polynomial, wherever it is asked for", () => {
  using core = createAggregateCore(module);
  const shares = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 7 }).chain((places) =>
    fc.record({
      places: fc.constant(places),
      seed: fc.nat(1e6),
      target: fc.oneof(fc.nat(50), fc.constant(SHARE_PRIME - 1)),
    })
  );
  fc.assert(fc.property(shares, ({ places, seed, target }) => {
    const mark = core.memory.mark();
    const rows = below(SHARE_PRIME, 4 * places.length, seed);
    const out = core.memory.alloc(16);
    core.interpolateShares({ places, rows: place(core, rows), target, out });
    const want = [0, 1, 2, 3].map((i) =>
      lagrange(places.map((x, row) => [x, rows[4 * row + i]!] as const), target)
    );
    assert.deepEqual([...core.memory.u32(out)], want);
    core.memory.release(mark);
  }));
});

Deno.test("kahe: shares are added in their field, and what is no share changes nothing", () => {
  using core = createAggregateCore(module);
  const [a, b] = [below(SHARE_PRIME, 64, 1), below(SHARE_PRIME, 64, 2)];
  const acc = place(core, a);
  assert.equal(core.addShares(acc, place(core, b)), true);
  const sum = a.map((word, i) => (word + b[i]!) % SHARE_PRIME);
  assert.deepEqual(core.memory.u32(acc), sum);
  assert.equal(core.addShares(acc, place(core, b.with(63, SHARE_PRIME))), false);
  assert.deepEqual(core.memory.u32(acc), sum);
});

Deno.test("kahe: seeds and scratch are gone from the core's memory when a call returns", () => {
  using core = createAggregateCore(module);
  const { ring, slots } = SHAPES[0]!;
  const tables = tablesOf(core, ring);
  const [key, residues] = [keyBytes(ring), polynomialBytes(ring)].map((it) =>
    core.memory.alloc(it)
  );
  const values = core.memory.alloc(4 * slots.count * ring.degree);
  const work = {
    tables,
    key: key!,
    publicSeed: seedOf(1),
    slots,
    first: 0,
    values,
    residues: residues!,
  };
  const mark = core.memory.mark();
  core.maskValues(work, seedOf(2));
  core.openValues(work);
  core.drawKey(seedOf(3), values);
  core.expandShare(seedOf(4), values);
  assert.equal(core.memory.mark(), mark);
  const after = core.memory.alloc(32768);
  assert.ok(core.memory.u8(after).every((byte) => byte === 0));
});

Deno.test("kahe: spans, seeds, slots and places that do not fit are refused", () => {
  using core = createAggregateCore(module);
  const ring = KAHE_RINGS.P1;
  const tables = tablesOf(core, ring);
  const [four, other] = [place(core, [1, 2, 3, 4]), place(core, [1, 2, 3, 4])];
  const short = { ring, span: four };
  const key = core.memory.alloc(keyBytes(ring));
  const values = core.memory.alloc(4 * 2 * ring.degree);
  const residues = core.memory.alloc(polynomialBytes(ring));
  const slots = ring.slots[0]!;
  const work = { tables, key, publicSeed: seedOf(1), slots, first: 0, values, residues };
  const seed = seedOf(2);
  const cases: [() => void, RegExp][] = [
    [() => core.fillKaheTables(short), /Cannot use tables of 4 values: expected 16384/],
    [() => core.addResidues(ring, { acc: four, x: other }), /Cannot add 16 bytes: expected whole/],
    [() => core.addResidues(ring, { acc: residues, x: other }), /Cannot use x of 4 values/],
    [() => core.addResidues(ring, { acc: residues, x: residues }), /it overlaps x/],
    [() => core.drawKey(seed.slice(1), four), /Cannot use a seed of 31 bytes: expected 32/],
    [() => core.transformKey(tables, { key: four, out: key }), /Cannot use key of 4 values/],
    [() => core.transformKey(short, { key: four, out: key }), /Cannot use tables of 4 values/],
    [() => core.maskValues({ ...work, slots: { count: 3, bits: 20 } }, seed), /P1 has none such/],
    [() => core.maskValues({ ...work, values: four }, seed), /expected whole polynomials/],
    [() => core.maskValues({ ...work, first: -1 }, seed), /from polynomial -1 on/],
    [() => core.maskValues({ ...work, first: 0.5 }, seed), /from polynomial 0.5 on/],
    [() => core.maskValues({ ...work, residues: four }, seed), /Cannot use residues of 4 values/],
    [() => core.maskValues({ ...work, residues: values }, seed), /it overlaps values/],
    [() => core.openValues({ ...work, key: four }), /Cannot use key of 4 values/],
    [() => core.openValues({ ...work, publicSeed: new Uint8Array() }), /a seed of 0 bytes/],
    [() => core.addShares(four, residues), /Cannot use x of 4096 values: expected 4/],
    [() => core.addShares(place(core, [1]), four), /a share of 1 words: expected a multiple of 4/],
  ];
  for (
    const places of [
      [],
      [1, 1],
      [-1],
      [SHARE_PRIME],
      Array.from({ length: MOST_SHARES + 1 }, (_, i) => i),
    ]
  ) {
    const rows = core.memory.alloc(16 * places.length);
    cases.push([
      () => core.interpolateShares({ places, rows, target: 0, out: other }),
      /Cannot interpolate from places/,
    ]);
  }
  cases.push([
    () => core.interpolateShares({ places: [1, 2], rows: four, target: 0, out: other }),
    /Cannot use rows of 4 values: expected 8/,
  ]);
  for (const [call, sentence] of cases) {
    assert.throws(call, (error) => {
      assert.ok(error instanceof RangeError, String(error));
      assert.match(error.message, sentence);
      return true;
    });
  }
});

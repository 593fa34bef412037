import assert from "node:assert/strict";
import { type Rng, seededRng } from "../core/random.ts";
import { tensorOf } from "../core/tensor.ts";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { ials } from "./ials.ts";
import { ialsCentral } from "./ials_central.ts";
import { fitPerson } from "./ials_person.ts";

const core = createTrainCore(await inlineModule("train"));
const SEED = new Uint8Array(32).fill(5);

/** People who each take most items of one of two groups. */
function tastes(rng: Rng, { people, items }: { people: number; items: number }): Uint32Array[] {
  return Array.from({ length: people }, (_, person) => {
    const liked = Array.from({ length: items }, (_, item) => item)
      .filter((item) => item % 2 === person % 2 ? rng.uniform() < 0.7 : rng.uniform() < 0.05);
    return Uint32Array.from(liked);
  });
}

/** The whole objective, people's vectors being the best for the table. */
function objective(
  model: ReturnType<typeof ials>,
  people: Uint32Array[],
  table: Float32Array,
): number {
  const { dim, a0, reg } = model.options;
  const counts = new Float64Array(model.options.items);
  let sum = 0;
  for (const items of people) {
    items.forEach((item) => counts[item]! += 1);
    sum += items.length * fitPerson(core, { options: model.options, table, items }).loss;
  }
  counts.forEach((count, item) => {
    const row = table.subarray(item * dim, (item + 1) * dim);
    sum += reg * (count + a0 * people.length) * row.reduce((total, value) => total + value ** 2, 0);
  });
  return sum;
}

Deno.test("ials, central: the objective falls with every sweep", () => {
  const people = tastes(seededRng(SEED), { people: 30, items: 41 });
  const model = ials({ items: 41, dim: 5, form: "exact", range: 100 });
  const { options } = model;
  let table = tensorOf(model.initial(SEED), "items").data;
  let last = objective(model, people, table);
  for (let sweep = 0; sweep < 6; sweep++) {
    table = ialsCentral(core, { options, people, table, sweeps: 1 });
    const now = objective(model, people, table);
    assert.ok(now < last, `${now} after ${last}`);
    last = now;
  }
});

Deno.test("ials, central: two sweeps at once are one after the other", () => {
  const people = tastes(seededRng(SEED), { people: 12, items: 9 });
  const { options, initial } = ials({ items: 9, dim: 3 });
  const table = tensorOf(initial(SEED), "items").data;
  const start = table.slice();
  const both = ialsCentral(core, { options, people, table, sweeps: 2 });
  const one = ialsCentral(core, { options, people, table, sweeps: 1 });
  assert.deepEqual(ialsCentral(core, { options, people, table: one, sweeps: 1 }), both);
  assert.deepEqual(table, start);
});

Deno.test("ials, central: people of a group are told the group's items", () => {
  const people = tastes(seededRng(SEED), { people: 40, items: 30 });
  const { options, initial } = ials({ items: 30, dim: 4 });
  const start = tensorOf(initial(SEED), "items").data;
  const table = ialsCentral(core, { options, people, table: start, sweeps: 5 });
  for (const [person, items] of people.entries()) {
    const { scores } = fitPerson(core, { options, table, items });
    const unseen = [...scores.keys()].filter((item) => !items.includes(item));
    const best = unseen.reduce((a, b) => scores[b]! > scores[a]! ? b : a);
    assert.equal(best % 2, person % 2);
  }
});

Deno.test("ials, central: an item that nobody took has no vector", () => {
  const { options, initial } = ials({ items: 3, dim: 2 });
  const start = tensorOf(initial(SEED), "items").data;
  const people = [Uint32Array.of(0, 2), new Uint32Array(), Uint32Array.of(2)];
  const table = ialsCentral(core, { options, people, table: start, sweeps: 1 });
  assert.deepEqual([...table.subarray(2, 4)], [0, 0]);
  assert.ok(table[0] !== 0 && table[4] !== 0);
});

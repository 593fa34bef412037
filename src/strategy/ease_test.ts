import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { type NamedTensors, tensorOf, zeros } from "../core/tensor.ts";
import { ease, type EaseModel } from "../models/ease.ts";
import { defineTask } from "../task/mod.ts";
import { decodeSum, encodeUpdate, type UpdatePlan } from "../update/mod.ts";
import { createAggregateCore, createTrainCore, inlineModule } from "../wasm/mod.ts";
import { triangleLength } from "../wasm/train_linear.ts";
import { easeStep } from "./ease.ts";
import { fedAvg } from "./fedavg.ts";
import { strategyFrom, strategyPlan } from "./registry.ts";

const core = createTrainCore(await inlineModule("train"));
const aggregate = createAggregateCore(await inlineModule("aggregate"));
const SEED = new Uint8Array(32).fill(3);
const state = { get: () => Promise.resolve(undefined), set: () => Promise.resolve() };
const signal = new AbortController().signal;

/** What a person of a 0/1 row has. */
function itemsOf(row: readonly number[]): Uint32Array {
  return Uint32Array.from(row.flatMap((has, item) => has === 0 ? [] : [item]));
}

async function pairsOf(model: EaseModel, items: Uint32Array): Promise<NamedTensors> {
  const trainer = model.trainer({ core, examples: { items }, state });
  const contribution = await trainer(model.initial(SEED), { round: 1, seed: SEED, signal });
  assert.equal(contribution.kind, "sums");
  return contribution.kind === "sums" ? contribution.sums : {};
}

/** The sum of many parcels, word by word mod 2^32, as a region has it. */
function addWords(sum: Uint32Array, parcel: Uint8Array): void {
  const words = new Uint32Array(parcel.buffer, parcel.byteOffset, sum.length);
  words.forEach((word, at) => sum[at] = sum[at]! + word);
}

/** One whole round over integer sums. */
async function round(
  people: readonly Uint32Array[],
  model: EaseModel,
): Promise<{ sums: NamedTensors; next: NamedTensors }> {
  const strategy = strategyFrom(model.strategy, core);
  const plan: UpdatePlan = {
    tensors: strategy.sums(model.tensors),
    slotBits: 19,
    maxClients: people.length,
  };
  const total = new Uint32Array(plan.tensors.reduce((sum, { shape }) => sum + shape[0]!, 0));
  for (const [person, items] of people.entries()) {
    const key = new Uint8Array(32).fill(person);
    addWords(total, encodeUpdate(aggregate, plan, { tensors: await pairsOf(model, items), key }));
  }
  const sum = new Uint8Array(total.buffer);
  const sums = decodeSum(aggregate, plan, { sum, clients: people.length });
  const input = { model: model.initial(SEED), state: {}, sums, clients: people.length, round: 1 };
  return { sums, next: strategy.step(input).model };
}

interface EaseCase {
  readonly kind: string;
  readonly matrix: number[][];
  readonly regularisation: number;
  readonly gram: number[][];
  readonly weights: number[][];
  readonly scores_first_3_users: number[][];
}

const VECTORS = sharedVectors<{ cases: EaseCase[] }>("ials_ease.json");

Deno.test({
  name: "ease: one federated round has the published Gramian, weights and scores",
  ignore: VECTORS.ignore,
  async fn() {
    const cases = VECTORS.read().cases.filter(({ kind }) => kind === "ease");
    assert.equal(cases.length, 3);
    for (const { matrix, regularisation, gram, weights, scores_first_3_users } of cases) {
      const dim = gram.length;
      const model = ease({ items: dim, reg: regularisation });
      const { sums, next } = await round(matrix.map(itemsOf), model);
      const entry = (data: Float32Array, i: number, j: number): number =>
        data[triangleLength(Math.max(i, j)) + Math.min(i, j)]!;
      const inverse = tensorOf(next, "inverse").data;
      for (let i = 0; i < dim; i++) {
        for (let j = 0; j < dim; j++) {
          // The Gramian arrives exactly: 0 and 1 are on the grid, whatever the bits.
          assert.equal(entry(tensorOf(sums, "pairs").data, i, j), gram[i]![j]);
          if (i === j) continue;
          const weight = -entry(inverse, i, j) / entry(inverse, j, j);
          assert.ok(Math.abs(weight - weights[i]![j]!) < 1e-6, `${weight} ${weights[i]![j]}`);
        }
      }
      for (const [person, wanted] of scores_first_3_users.entries()) {
        const examples = { items: itemsOf(matrix[person]!) };
        const scores = await model.scorer({ core, examples, state })(next);
        scores.forEach((score, item) => {
          if (matrix[person]![item] !== 0) assert.equal(score, -Infinity);
          else assert.ok(Math.abs(score - wanted[item]!) < 1e-6, `${score} ${wanted[item]}`);
        });
      }
    }
  },
});

Deno.test("ease: the sum of 0/1 pairs is exact for any number of clients and bits", () => {
  const drawn = fc.record({
    clients: fc.integer({ min: 1, max: 200 }),
    spare: fc.integer({ min: 0, max: 14 }),
    density: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer({ min: 1, max: 0xffff }),
  });
  fc.assert(
    fc.property(drawn, ({ clients, spare, density, seed }) => {
      const plan: UpdatePlan = {
        tensors: [{ name: "pairs", shape: [21], range: 1 }],
        slotBits: Math.min(2 + Math.ceil(Math.log2(clients)) + spare, 32),
        maxClients: clients,
      };
      const total = new Uint32Array(21);
      const want = new Float32Array(21);
      for (let client = 0; client < clients; client++) {
        const data = Float32Array.from({ length: 21 }, (_, at) => {
          const mixed = Math.imul(seed + client * 31 + at * 7919, 0x9e3779b1) >>> 0;
          return mixed / 2 ** 32 < density ? 1 : 0;
        });
        data.forEach((value, at) => want[at]! += value);
        const key = new Uint8Array(32).fill(client % 251 + 1);
        addWords(
          total,
          encodeUpdate(aggregate, plan, { tensors: { pairs: { shape: [21], data } }, key }),
        );
      }
      const sums = decodeSum(aggregate, plan, { sum: new Uint8Array(total.buffer), clients });
      assert.deepEqual(tensorOf(sums, "pairs").data, want);
    }),
    { numRuns: 40 },
  );
});

Deno.test("ease: the step inverts the sum, by hand for two items, whatever the model was", () => {
  const strategy = strategyFrom(easeStep({ reg: 1 }), core);
  const model = { anything: { shape: [3], data: Float32Array.of(9, 9, 9) } };
  const sums = { pairs: { shape: [3], data: Float32Array.of(3, 1, 1) } };
  const next = strategy.step({ model, state: {}, sums, clients: 3, round: 1 });
  // [[4, 1], [1, 2]] has determinant 7.
  assert.deepEqual(next, {
    model: { anything: { shape: [3], data: Float32Array.of(2 / 7, -1 / 7, 4 / 7) } },
    state: {},
  });
  assert.deepEqual([...model.anything.data], [9, 9, 9]);
  assert.deepEqual([...sums.pairs.data], [3, 1, 1]);
});

Deno.test("ease: many steps of one core do not grow its memory", () => {
  const strategy = strategyFrom(easeStep(), core);
  const model = { inverse: zeros([triangleLength(150)]) };
  const sums = { pairs: zeros([triangleLength(150)]) };
  const step = () => strategy.step({ model, state: {}, sums, clients: 1, round: 1 });
  step();
  const mark = core.memory.mark();
  for (let i = 0; i < 20; i++) step();
  assert.deepEqual(core.memory.mark(), mark);
});

Deno.test("ease: sums that are no Gramian are refused, and the memory is given back", () => {
  const strategy = strategyFrom(easeStep({ reg: 1 }), core);
  const mark = core.memory.mark();
  const sums = { pairs: { shape: [3], data: Float32Array.of(1, 9, 1) } };
  const model = { inverse: zeros([3]) };
  assert.throws(() => strategy.step({ model, state: {}, sums, clients: 1, round: 1 }), {
    code: "model-invalid",
    message: "Cannot step by ease: the sum of the pairs is not positive definite, " +
      "expected more regularisation, bits or clients",
  });
  assert.deepEqual(core.memory.mark(), mark);
});

Deno.test("ease: a model that is no packed triangle is refused with what it is", () => {
  const { sums } = strategyPlan(easeStep());
  assert.deepEqual(sums([{ name: "x", shape: [10] }]), [{ name: "pairs", shape: [10], range: 1 }]);
  for (
    const model of [
      [],
      [{ name: "x", shape: [7] }],
      [{ name: "x", shape: [] }],
      [{ name: "x", shape: [2, 5] }],
      [{ name: "x", shape: [3] }, { name: "y", shape: [3] }],
    ]
  ) {
    assert.throws(() => sums(model), {
      code: "task-refused",
      message: /expected one packed triangle$/,
    });
  }
});

Deno.test("ease: a task holds model and step to one regularisation", () => {
  const definition = {
    name: "films",
    model: ease({ items: 50, reg: 200 }),
    clients: { min: 10, max: 600 },
    stop: { rounds: 1 },
  };
  const task = defineTask(definition);
  assert.deepEqual(task.strategy, { kind: "ease", reg: 200 });
  assert.deepEqual(task.model, { kind: "ease", items: 50, reg: 200 });
  assert.deepEqual(task.train, { cap: null });
  assert.throws(() => defineTask({ ...definition, strategy: easeStep({ reg: 100 }) }), {
    message: "Cannot step ease by ease with reg 100: expected 200, as the model has it",
  });
  assert.throws(() => defineTask({ ...definition, strategy: fedAvg() }), {
    message: "Cannot step ease by fedavg: expected ease",
  });
  assert.throws(() => strategyPlan({ kind: "ease", reg: 0 }), { code: "task-refused" });
});

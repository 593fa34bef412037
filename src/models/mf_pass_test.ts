import assert from "node:assert/strict";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { mfOptions } from "./mf_options.ts";
import { applyPass, makePass, scoreItem, scoreItems } from "./mf_pass.ts";
import { newPerson } from "./mf_person.ts";

const module = await inlineModule("train");
const OPTIONS = mfOptions({ items: 6, dim: 2, itemRate: 0.5 });

function table() {
  return {
    item: Float32Array.of(1, 0, 0, 1, 1, 1, -1, 0, 0, -1, 0.5, 0.5),
    bias: Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5),
  };
}

Deno.test("mf pass: touches exactly the items taken and sampled, each once", () => {
  using core = createTrainCore(module);
  const pass = makePass(core, OPTIONS, {
    table: table(),
    person: newPerson(2),
    positives: Uint32Array.of(4, 0),
    negatives: Uint32Array.of(3, 3, 5, 3),
  });
  assert.deepEqual(pass.touched, Uint32Array.of(4, 0, 3, 5));
  assert.equal(pass.rowChanges.length, 8);
  assert.equal(pass.biasChanges.length, 4);
});

Deno.test("mf pass: raises what was taken, lowers what was sampled, and leaves the rest", () => {
  using core = createTrainCore(module);
  const person = newPerson(2);
  const before = table();
  const input = {
    table: before,
    person,
    positives: Uint32Array.of(0),
    negatives: Uint32Array.of(3, 4),
  };
  const pass = makePass(core, OPTIONS, input);
  assert.deepEqual(before, table());
  assert.ok(person[0]! > 0 && person[1]! > 0);
  const after = table();
  applyPass(after, pass);
  const score = (items: typeof after, item: number) => scoreItem(items, person, item);
  assert.ok(score(after, 0) > score(before, 0));
  assert.ok(score(after, 3) < score(before, 3) && score(after, 4) < score(before, 4));
  for (const item of [1, 2, 5]) assert.equal(score(after, item), score(before, item));
});

Deno.test("mf pass: the loss is that of the person as they came", () => {
  using core = createTrainCore(module);
  const zero = { item: new Float32Array(12), bias: new Float32Array(6) };
  const positives = Uint32Array.of(1, 2);
  const negatives = Uint32Array.of(3, 4, 5, 0);
  for (const loss of ["logistic", "bpr"] as const) {
    const options = { ...OPTIONS, loss };
    const pass = makePass(core, options, {
      table: zero,
      person: newPerson(2),
      positives,
      negatives,
    });
    assert.ok(Math.abs(pass.loss - Math.LN2) < 1e-9);
  }
});

Deno.test("mf pass: gives back the memory that it took", () => {
  using core = createTrainCore(module);
  const mark = core.memory.mark();
  const positives = Uint32Array.of(1);
  const input = { table: table(), person: newPerson(2), positives, negatives: Uint32Array.of(2) };
  makePass(core, OPTIONS, input);
  assert.equal(core.memory.mark(), mark);
  assert.throws(
    () => makePass(core, OPTIONS, { ...input, positives: Uint32Array.of(6) }),
    /Cannot train on item 6: expected one below 6/,
  );
  assert.equal(core.memory.mark(), mark);
});

Deno.test("mf pass: a score is vector times row, and bias; items taken are out of the running", () => {
  const person = Float32Array.of(2, 3, 0, 0, 0, 0, 1);
  const scores = scoreItems(table(), person, { except: Uint32Array.of(1, 5) });
  const expected = Float32Array.of(2, -Infinity, 5.2, -1.7, -2.6, -Infinity);
  scores.forEach((score, item) => {
    assert.ok(score === expected[item] || Math.abs(score - expected[item]!) < 1e-6);
  });
});

import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { adam, sgd } from "../nn/optimizer_options.ts";
import {
  heavyHitters,
  histogram,
  ials,
  logistic,
  mean,
  mf,
  mlp,
  modelDocument,
  modelFrom,
  tensors,
} from "./mod.ts";

Deno.test("models: settings are told apart into what is learned and how clients train", () => {
  assert.deepEqual(modelDocument(mf({ items: 5, dim: 2, loss: "bpr", clip: 1 })), {
    model: { kind: "mf", items: 5, dim: 2, loss: "bpr" },
    train: {
      negatives: 4,
      personSteps: 3,
      personRate: 0.05,
      personDecay: 0.01,
      itemRate: 0.5,
      clip: 1,
      sends: "rows",
    },
  });
  assert.deepEqual(modelDocument(ials({ items: 5, dim: 2 })).train, { clip: 3 });
  assert.deepEqual(modelDocument(logistic({ features: 5, epochs: 3, optimizer: sgd({ lr: 1 }) })), {
    model: { kind: "logistic", features: 5 },
    train: {
      epochs: 3,
      batchSize: 32,
      optimizer: { kind: "sgd", lr: 1, momentum: 0, nesterov: false, decay: 0 },
      schedule: { kind: "constant" },
      maxNorm: null,
    },
  });
  assert.deepEqual(modelDocument(tensors({ tensors: { w: [2] } })), {
    model: {
      kind: "tensors",
      tensors: [{ name: "w", shape: [2] }],
      metrics: [],
      initialSd: 0,
    },
    train: {},
  });
});

Deno.test("models: a model comes back from its document through JSON", () => {
  const models = [
    mf({ items: 7, dim: 3, sends: "weights" }),
    ials({ items: 7, dim: 3, form: "exact" }),
    logistic({ features: 3, schedule: { kind: "cosine", total: 9, floor: 0.5 } }),
    mlp({ features: 3, hidden: [5, 2], dropout: 0.5, output: { kind: "classes", count: 4 } }),
    mean({ fields: { age: [0, 99], hours: [-1, 1] }, cap: 3 }),
    histogram({ fields: { age: [1, 2, 3] }, several: "share" }),
    histogram({ fields: { age: [1, 2, 3] }, local: 2 }),
    heavyHitters({ alphabet: "abc", length: 4, threshold: 7, votes: 2 }),
    heavyHitters({ length: 4, threshold: 7, step: 8 }),
    tensors({ tensors: { w: [2], b: [1] }, metrics: ["f1"] }),
  ];
  for (const model of models) {
    const { model: learned, train } = JSON.parse(JSON.stringify(modelDocument(model)));
    const again = modelFrom(learned, train);
    assert.deepEqual(again.options, model.options);
    assert.deepEqual(again.tensors, model.tensors);
  }
});

Deno.test("models: training settings replace the model's own", () => {
  const { options } = modelFrom(mf({ items: 5, dim: 2 }).options, { clip: 0.5, negatives: 8 });
  assert.deepEqual(options, mf({ items: 5, dim: 2, clip: 0.5, negatives: 8 }).options);
});

Deno.test("models: an optimiser in a task may leave out what has a default", () => {
  const { options } = modelFrom({ kind: "mlp", features: 2 }, {
    optimizer: { kind: "adam", lr: 0.01 },
  });
  assert.deepEqual(options, mlp({ features: 2, optimizer: adam({ lr: 0.01 }) }).options);
});

Deno.test("models: training settings cannot change what is learned", () => {
  assert.throws(
    () => modelFrom({ kind: "mf", items: 5, dim: 2 }, { dim: 3 }),
    (error) =>
      isTributaryError(error, "task-refused") &&
      /Cannot train mf by "dim": expected one of negatives, personSteps/.test(
        error.message,
      ),
  );
});

Deno.test("models: an unknown kind is refused with those there are", () => {
  for (const value of [{ kind: "svm" }, { kind: "constructor" }, null, "mf"]) {
    assert.throws(
      () => modelFrom(value),
      (error) =>
        isTributaryError(error, "task-refused") &&
        /^Cannot use model .*: expected one of mf, ials, ease, ncf, logistic, mlp, mean, histogram, heavy-hitters, tensors$/
          .test(
            error.message,
          ),
    );
  }
});

Deno.test("models: clients of a tensors model may read any settings of theirs", () => {
  const { options } = modelFrom(tensors({ tensors: { w: [2] } }).options, { epochs: 3 });
  assert.equal(options.kind, "tensors");
});

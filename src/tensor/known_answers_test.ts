import { sharedVectors } from "../../tests/shared_vectors.ts";
import { multiply } from "./arithmetic.ts";
import { attention } from "./attention.ts";
import {
  assertClose,
  constant,
  flat,
  indices,
  type Nested,
  parameter,
  shapeOf,
  testBackends,
  valuesOf,
} from "./backends_testing.ts";
import { gelu, geluErf, sigmoid, silu, softplus, tanh } from "./curves.ts";
import { bceWithLogits, bpr, huber, mse } from "./elementwise_losses.ts";
import { embedding } from "./embedding.ts";
import { reshape } from "./layout.ts";
import { linear } from "./linear.ts";
import { layerNorm, rmsNorm } from "./norm.ts";
import { sum } from "./reduce.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { softmaxCrossEntropy } from "./softmax_cross_entropy.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** One entry of the file: what is in it depends on `kind` and `name`. */
interface KnownCase {
  readonly kind: string;
  readonly name?: string;
  readonly [field: string]: unknown;
}

/** How a case is computed. */
interface Computation {
  /** What gradients are wanted of, by the field that holds the values. */
  readonly inputs: Readonly<Record<string, Variable>>;
  readonly output: Variable;
}

const vectors = sharedVectors<{ readonly cases: readonly KnownCase[] }>("optim.json");

function nested(known: KnownCase, field: string): Nested {
  return known[field] as Nested;
}

/** Parameters of the fields that are named. */
function inputs<Field extends string>(
  tape: Tape,
  known: KnownCase,
  fields: readonly Field[],
): Record<Field, Variable> {
  return Object.fromEntries(
    fields.map((field) => [field, parameter(tape, nested(known, field))]),
  ) as Record<Field, Variable>;
}

/** Tests that the output is `y`, and that the gradients of `Σ output·upstream` are those given. */
function testKnown(
  what: string,
  {
    select,
    compute,
    output,
    gradients,
  }: {
    readonly select: (known: KnownCase) => boolean;
    readonly compute: (tape: Tape, known: KnownCase) => Computation;
    readonly output: string;
    /** The field of each input's gradient. */
    readonly gradients: Readonly<Record<string, string>>;
  },
): void {
  if (vectors.ignore) return;
  for (const [at, known] of vectors.read().cases.filter(select).entries()) {
    testBackends(`known answers: ${what}, case ${at + 1}`, async (tape, { tolerance }) => {
      await tape.step(async () => {
        const computed = compute(tape, known);
        const found = await valuesOf(tape.backend, computed.output.slot);
        assertClose(found, nested(known, output), { tolerance, what: "output" });
        tape.backward(lossOf(tape, computed.output, known));
        for (const [input, field] of Object.entries(gradients)) {
          const gradient = tape.gradient(computed.inputs[input]!);
          const found = await valuesOf(tape.backend, gradient);
          assertClose(found, nested(known, field), { tolerance, what: field });
        }
      });
    });
  }
}

/** A loss is one already; otherwise the sum with what the case has for upstream, or with ones. */
function lossOf(tape: Tape, output: Variable, known: KnownCase): Variable {
  if (output.size === 1) return output;
  if (known["upstream"] === undefined) return sum(tape, output);
  const upstream = constant(tape, flat(nested(known, "upstream")));
  return sum(tape, multiply(tape, output, reshape(tape, upstream, output.shape)));
}

const CURVES = { gelu_tanh: gelu, gelu_erf: geluErf, silu, sigmoid, tanh, softplus };

for (const [name, curve] of Object.entries(CURVES)) {
  testKnown(name, {
    select: (known) => known.kind === "activation" && known.name === name,
    compute(tape, known) {
      const its = inputs(tape, known, ["x"]);
      return { inputs: its, output: curve(tape, its.x) };
    },
    output: "y",
    gradients: { x: "dy_dx" },
  });
}

for (const [name, share] of Object.entries({ softmax, log_softmax: logSoftmax })) {
  testKnown(name, {
    select: (known) => known.kind === "softmax" && known.name === name,
    compute(tape, known) {
      const its = inputs(tape, known, ["x"]);
      return { inputs: its, output: share(tape, its.x) };
    },
    output: "y",
    gradients: { x: "gradient" },
  });
}

testKnown("softmax cross entropy", {
  select: ({ kind, name }) => kind === "loss" && (name?.startsWith("cross_entropy") ?? false),
  compute(tape, known) {
    const its = inputs(tape, known, ["logits"]);
    const smoothing = Number(known["smoothing"] ?? 0);
    const labels = indices(tape, nested(known, "labels"));
    return { inputs: its, output: softmaxCrossEntropy(tape, its.logits, labels, { smoothing }) };
  },
  output: "mean",
  gradients: { logits: "gradient_of_mean" },
});

testKnown("the loss of each example", {
  select: ({ kind, name, per_example }) =>
    kind === "loss" && name === "cross_entropy" && per_example !== undefined,
  compute(tape, known) {
    const its = inputs(tape, known, ["logits"]);
    const labels = indices(tape, nested(known, "labels"));
    const output = softmaxCrossEntropy(tape, its.logits, labels, { reduction: "none" });
    return { inputs: its, output };
  },
  output: "per_example",
  gradients: {},
});

testKnown("log loss", {
  select: ({ name }) => name === "bce_with_logits",
  compute(tape, known) {
    const its = inputs(tape, known, ["logits"]);
    const targets = constant(tape, nested(known, "targets"));
    return { inputs: its, output: bceWithLogits(tape, its.logits, targets) };
  },
  output: "mean",
  gradients: { logits: "gradient_of_mean" },
});

for (const [name, loss] of Object.entries({ mse, huber })) {
  testKnown(name, {
    select: (known) => known.kind === "loss" && known.name === name,
    compute(tape, known) {
      const its = inputs(tape, known, ["predictions"]);
      const targets = constant(tape, nested(known, "targets"));
      const delta = Number(known["delta"] ?? 1);
      return { inputs: its, output: loss(tape, its.predictions, targets, { delta }) };
    },
    output: "mean",
    gradients: { predictions: "gradient_of_mean" },
  });
}

testKnown("bpr", {
  select: ({ kind, name }) => kind === "loss" && name === "bpr",
  compute(tape, known) {
    const its = inputs(tape, known, ["positive", "negative"]);
    return { inputs: its, output: bpr(tape, its.positive, its.negative) };
  },
  output: "mean",
  gradients: { positive: "gradient_positive", negative: "gradient_negative" },
});

testKnown("layer norm", {
  select: ({ kind }) => kind === "layer_norm",
  compute(tape, known) {
    const its = inputs(tape, known, ["x", "scale", "bias"]);
    const epsilon = Number(known["eps"]);
    const output = layerNorm(tape, its.x, { gain: its.scale, shift: its.bias, epsilon });
    return { inputs: its, output };
  },
  output: "y",
  gradients: { x: "gradient_x", scale: "gradient_scale", bias: "gradient_bias" },
});

testKnown("rms norm", {
  select: ({ kind }) => kind === "rms_norm",
  compute(tape, known) {
    const its = inputs(tape, known, ["x", "scale"]);
    const epsilon = Number(known["eps"]);
    return { inputs: its, output: rmsNorm(tape, its.x, { gain: its.scale, epsilon }) };
  },
  output: "y",
  gradients: { x: "gradient_x", scale: "gradient_scale" },
});

testKnown("dense layer", {
  select: ({ kind }) => kind === "dense",
  compute(tape, known) {
    const its = inputs(tape, known, ["x", "kernel", "bias"]);
    return { inputs: its, output: linear(tape, its.x, its.kernel, { bias: its.bias }) };
  },
  output: "output",
  gradients: { x: "gradient_x", kernel: "gradient_kernel", bias: "gradient_bias" },
});

testKnown("embedding", {
  select: ({ kind }) => kind === "embedding",
  compute(tape, known) {
    const its = inputs(tape, known, ["table"]);
    const ids = indices(tape, nested(known, "ids"));
    return { inputs: its, output: embedding(tape, its.table, ids) };
  },
  output: "output",
  gradients: { table: "gradient_table" },
});

testKnown("attention", {
  select: ({ kind }) => kind === "attention",
  compute(tape, known) {
    const its = inputs(tape, known, ["q", "k", "v"]);
    // The file has [position][head][dim]: heads side by side once the last two axes are one.
    const [query, key, value] = [its.q, its.k, its.v].map((x) => {
      const [length = 0, heads = 0, dim = 0] = x.shape;
      return reshape(tape, x, [1, length, heads * dim]);
    });
    const output = attention(tape, { query: query!, key: key!, value: value! }, {
      heads: Number(known["heads"]),
      causal: known["causal"] === true,
    });
    return { inputs: its, output };
  },
  output: "output",
  gradients: { q: "gradient_q", k: "gradient_k", v: "gradient_v" },
});

if (!vectors.ignore) {
  for (
    const known of vectors.read().cases.filter(({ kind }) => kind === "multi_head_self_attention")
  ) {
    testBackends("known answers: self-attention with projections", async (tape, { tolerance }) => {
      type Params = Record<string, { readonly kernel: Nested; readonly bias: Nested }>;
      const [params, wanted] = [known["params"] as Params, known["gradient_params"] as Params];
      const x = parameter(tape, nested(known, "x"));
      const layers = Object.fromEntries(
        Object.entries(params).map(([name, { kernel, bias }]) => [name, {
          kernel: parameter(tape, flat(kernel)),
          bias: parameter(tape, flat(bias)),
          width: shapeOf(bias)[0]!,
        }]),
      );
      await tape.step(async () => {
        const [length = 0, width = 0] = x.shape;
        const project = (of: Variable, name: string): Variable => {
          const { kernel, bias } = layers[name]!;
          // Flax keeps a kernel with an axis for heads; in memory it is a matrix all the same.
          return linear(tape, of, reshape(tape, kernel, [width, width]), {
            bias: reshape(tape, bias, [width]),
          });
        };
        const of = reshape(tape, x, [1, length, width]);
        const mixed = attention(tape, {
          query: project(of, "query"),
          key: project(of, "key"),
          value: project(of, "value"),
        }, { heads: Number(known["heads"]), causal: true });
        const output = project(mixed, "out");
        const found = await valuesOf(tape.backend, output.slot);
        assertClose(found, nested(known, "output"), { tolerance, what: "output" });
        tape.backward(lossOf(tape, output, known));
        for (const [name, { kernel, bias }] of Object.entries(layers)) {
          for (const [part, variable] of Object.entries({ kernel, bias })) {
            const found = await valuesOf(tape.backend, tape.gradient(variable));
            const right = wanted[name]![part as "kernel" | "bias"];
            assertClose(found, right, { tolerance, what: `${name}.${part}` });
          }
        }
      });
    });
  }
}

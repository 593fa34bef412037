import { sharedVectors } from "../../tests/shared_vectors.ts";
import { fill, flat, type Nested, testBackends } from "../tensor/backends_testing.ts";
import type { Layer } from "./layer.ts";
import { against, assertGradient, assertValues, placeKnown } from "./layers_testing.ts";
import { layerNorm, rmsNorm } from "./norm.ts";

interface NormCase {
  readonly kind: string;
  readonly eps: number;
  readonly x: Nested;
  readonly scale: Nested;
  readonly bias?: Nested;
  readonly y: Nested;
  readonly upstream: Nested;
  readonly gradient_x: Nested;
  readonly gradient_scale: Nested;
  readonly gradient_bias?: Nested;
}

const vectors = sharedVectors<{ readonly cases: readonly NormCase[] }>("optim.json");
const LAYERS: Record<string, (epsilon: number) => Layer> = {
  layer_norm: (epsilon) => layerNorm({ width: 6, epsilon }),
  rms_norm: (epsilon) => rmsNorm({ width: 6, epsilon }),
};

if (!vectors.ignore) {
  for (const known of vectors.read().cases.filter(({ kind }) => kind in LAYERS)) {
    testBackends(`${known.kind} layer: output and gradients are known`, async (tape, of) => {
      const { block, forward } = placeKnown(tape, LAYERS[known.kind]!(known.eps), {
        gain: known.scale,
        ...(known.bias === undefined ? {} : { shift: known.bias }),
      });
      await tape.step(async () => {
        const values = flat(known.x);
        const x = tape.input(Float32Array.from(values), [4, 6]);
        fill(tape.backend, x.slot, values);
        const y = forward({ tape }, x);
        tape.backward(against(tape, y, known.upstream));
        await assertValues(tape, y, { wanted: known.y, of, what: "output" });
        await assertGradient(tape, x, { wanted: known.gradient_x, of, what: "x" });
      });
      const gain = block.variable("gain");
      await assertGradient(tape, gain, { wanted: known.gradient_scale, of, what: "gain" });
      if (known.gradient_bias === undefined) return;
      const shift = block.variable("shift");
      await assertGradient(tape, shift, { wanted: known.gradient_bias, of, what: "shift" });
    });
  }
}

testBackends(
  "norm layers: by default a row comes out with mean 0 and mean square 1",
  async (tape) => {
    for (const layer of [layerNorm({ width: 2 }), rmsNorm({ width: 2 })]) {
      const known = Object.fromEntries(
        layer.parameters.map(({ name }) => [name, name === "gain" ? [1, 1] : [0, 0]]),
      );
      const { forward } = placeKnown(tape, layer, known);
      await tape.step(async () => {
        const y = forward({ tape }, tape.constant(Float32Array.of(3, -3), [1, 2]));
        const of = { name: "", tolerance: 1e-5, create: () => tape.backend };
        await assertValues(tape, y, { wanted: [1, -1], of, what: "row" });
      });
    }
  },
);

import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { indices, type Nested, testBackends } from "../tensor/backends_testing.ts";
import { embedding } from "./embedding.ts";
import { against, assertGradient, assertValues, placeKnown } from "./layers_testing.ts";

interface EmbeddingCase {
  readonly kind: string;
  readonly table: Nested;
  readonly ids: Nested;
  readonly output: Nested;
  readonly upstream: Nested;
  readonly gradient_table: Nested;
}

const vectors = sharedVectors<{ readonly cases: readonly EmbeddingCase[] }>("optim.json");

if (!vectors.ignore) {
  const known = vectors.read().cases.find(({ kind }) => kind === "embedding")!;
  testBackends(
    "embedding layer: rows and the gradient of the table are known",
    async (tape, of) => {
      const layer = embedding({ rows: 6, width: 3 });
      const { block, forward } = placeKnown(tape, layer, { weight: known.table });
      await tape.step(async () => {
        const y = forward({ tape }, indices(tape, known.ids));
        assert.deepEqual(y.shape, [2, 3, 3]);
        tape.backward(against(tape, y, known.upstream));
        await assertValues(tape, y, { wanted: known.output, of, what: "rows" });
      });
      const table = block.variable("weight");
      await assertGradient(tape, table, { wanted: known.gradient_table, of, what: "table" });
    },
  );
}

Deno.test("embedding layer: first rows are small, unless they are told otherwise", () => {
  const [small] = embedding({ rows: 2, width: 3 }).parameters;
  assert.deepEqual(small, { name: "weight", shape: [2, 3], initial: { kind: "normal", sd: 0.02 } });
  const [zero] =
    embedding({ rows: 2, width: 3, initial: { kind: "constant", value: 0 } }).parameters;
  assert.equal(zero!.initial.kind, "constant");
});

import assert from "node:assert/strict";
import { seededRng } from "../core/random.ts";
import { testBackends } from "../tensor/backends_testing.ts";
import { sum } from "../tensor/mod.ts";
import { dropout } from "./dropout.ts";

const SEED = new Uint8Array(32).fill(4);
const NOTHING = () => assert.fail("dropout has no parameters");
const ONES = new Float32Array(1000).fill(1);

testBackends("dropout layer: in training a share is dropped and the mean stays", async (tape) => {
  const forward = dropout(0.25).bind(NOTHING);
  const values = await tape.step(() => {
    const x = tape.constant(ONES, [10, 100]);
    return tape.read(forward({ tape, rng: seededRng(SEED) }, x));
  });
  const kept = values.filter((value) => value !== 0);
  assert.ok(Math.abs(kept.length - 750) < 60, `${kept.length}`);
  for (const value of kept) assert.ok(Math.abs(value - 4 / 3) < 1e-6, `${value}`);
});

testBackends(
  "dropout layer: a generator drops other places each time, a new one the same",
  async (tape) => {
    const forward = dropout(0.5).bind(NOTHING);
    const drawn = (rng = seededRng(SEED)) =>
      tape.step(() => tape.read(forward({ tape, rng }, tape.constant(ONES, [1000]))));
    const rng = seededRng(SEED);
    const [one, two] = [await drawn(rng), await drawn(rng)];
    assert.notDeepEqual(one, two);
    assert.deepEqual(await drawn(), one);
  },
);

testBackends(
  "dropout layer: outside of training, and at rate 0, nothing is dropped or copied",
  (tape) => {
    tape.step(() => {
      const x = tape.constant(ONES, [1000]);
      assert.equal(dropout(0.5).bind(NOTHING)({ tape }, x), x);
      assert.equal(dropout(0).bind(NOTHING)({ tape, rng: seededRng(SEED) }, x), x);
    });
  },
);

testBackends("dropout layer: the gradient is dropped where the value was", async (tape) => {
  const forward = dropout(0.5).bind(NOTHING);
  await tape.step(async () => {
    const x = tape.input(ONES, [1000]);
    const y = forward({ tape, rng: seededRng(SEED) }, x);
    tape.backward(sum(tape, y));
    assert.deepEqual(await tape.readGradient(x), await tape.read(y));
  });
});

Deno.test("dropout layer: a rate that is no share is refused", () => {
  for (const rate of [-0.1, 1, NaN]) {
    assert.throws(
      () => dropout(rate),
      /^RangeError: Cannot drop .*: expected a share in \[0, 1\)$/,
    );
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { gaussianDelta, gaussianEpsilon, gaussianNoise } from "./gaussian.ts";

const noise = fc.double({ min: 0.05, max: 100, noNaN: true });

Deno.test("gaussian: δ at ε = 0 is the total variation of two normals a unit apart", () => {
  // 2Φ(1/2σ) − 1, by a table of the normal distribution.
  assert.ok(Math.abs(gaussianDelta(1, 0) - 0.3829249225) < 1e-9);
  assert.ok(Math.abs(gaussianDelta(0.5, 0) - 0.6826894921) < 1e-9);
});

Deno.test("gaussian: δ falls with ε and with noise, and stays a probability", () => {
  const epsilon = fc.double({ min: 0, max: 20, noNaN: true });
  fc.assert(fc.property(noise, epsilon, (noise, epsilon) => {
    const delta = gaussianDelta(noise, epsilon);
    assert.ok(delta >= 0 && delta <= 1);
    assert.ok(gaussianDelta(noise, epsilon + 0.1) <= delta);
    assert.ok(gaussianDelta(noise * 1.1, epsilon) <= delta);
  }));
});

Deno.test("gaussian: ε and noise undo each other", () => {
  fc.assert(
    fc.property(noise, (noise) => {
      const epsilon = gaussianEpsilon(noise, 1e-6);
      const back = gaussianNoise(epsilon, 1e-6);
      assert.ok(Math.abs(back / noise - 1) < 1e-9, `${noise}: ${back}`);
    }),
    { numRuns: 30 },
  );
});

Deno.test("gaussian: enough noise costs nothing", () => {
  assert.equal(gaussianEpsilon(1e6, 1e-5), 0);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { clipBit, clipBitScale, nextClip, updateNoise } from "./adaptive_clip.ts";

interface Vectors {
  readonly noise_split: readonly {
    readonly total_noise_multiplier: number;
    readonly count_stddev: number;
    readonly update_noise_multiplier: number | null;
  }[];
  readonly flwr_other_direction: readonly { name: string; flwr_clip_after: number[] }[];
  readonly cases: readonly Case[];
}

const vectors = sharedVectors<Vectors>("adaptive_clip.json");
const { ignore } = vectors;
interface Case {
  readonly name: string;
  readonly initial_clip: number;
  readonly target_quantile: number;
  readonly learning_rate: number;
  readonly rounds?: readonly Round[];
  /** In the case of 30 rounds, whose norms its name tells. */
  readonly clip_after_each_round?: readonly number[];
}

interface Round {
  readonly norms: readonly number[];
  readonly count_noise: number;
  readonly clip_after: number;
  readonly below_or_equal?: readonly number[];
  readonly noised_fraction?: number;
}

function roundsOf({ rounds, clip_after_each_round = [] }: Case): readonly Round[] {
  return rounds ??
    clip_after_each_round.map((clip_after) => ({
      norms: [0.5, 1, 1.5, 2, 2.5],
      count_noise: 0,
      clip_after,
    }));
}

const near = (found: number, expected: number, what: string) =>
  assert.ok(Math.abs(found / expected - 1) < 1e-12, `${what}: ${found}, expected ${expected}`);

Deno.test("adaptive clipping: the paper's steps, round by round", { ignore }, () => {
  const { cases } = vectors.read();
  assert.ok(cases.length >= 7);
  for (const one of cases) {
    const rule = { quantile: one.target_quantile, rate: one.learning_rate };
    let bound = one.initial_clip;
    for (const { norms, count_noise, clip_after, ...exact } of roundsOf(one)) {
      const bits = norms.map((norm) => clipBit(norm, bound));
      const sum = bits.reduce((sum, bit) => sum + bit, count_noise);
      if (exact.below_or_equal !== undefined) {
        assert.deepEqual(bits.map((bit) => bit + 0.5), exact.below_or_equal, one.name);
      }
      if (exact.noised_fraction !== undefined) {
        assert.ok(Math.abs(sum / norms.length + 0.5 - exact.noised_fraction) < 1e-12, one.name);
      }
      bound = nextClip(bound, { ...rule, bits: sum, clients: norms.length });
      near(bound, clip_after, one.name);
    }
  }
});

Deno.test(
  "adaptive clipping: the bound moves the other way than in a framework with the bit turned round",
  {
    ignore,
  },
  () => {
    const { cases, flwr_other_direction } = vectors.read();
    for (const name of ["all below: the bound shrinks", "all above: the bound grows"]) {
      const one = cases.find((other) => other.name === name);
      const theirs = flwr_other_direction.find((other) => other.name === name);
      assert.ok(one?.rounds !== undefined && theirs !== undefined);
      one.rounds.forEach(({ clip_after }, at) => {
        const ours = clip_after / one.initial_clip;
        near(ours, one.initial_clip / (theirs.flwr_clip_after[at] ?? NaN), name);
      });
    }
  },
);

Deno.test("adaptive clipping: the noise is split as in the paper", { ignore }, () => {
  for (const one of vectors.read().noise_split) {
    const { total_noise_multiplier: noise, count_stddev, update_noise_multiplier: expected } = one;
    if (expected === null) {
      assert.throws(() => updateNoise(noise, count_stddev), {
        name: "RangeError",
        message: /Cannot split a noise multiplier of/,
      });
    } else near(updateNoise(noise, count_stddev), expected, `z = ${noise}`);
  }
});

Deno.test("adaptive clipping: one noise on update and scaled bit is both noises of the split", () => {
  const noise = fc.double({ min: 0.1, max: 20, noNaN: true });
  const ratio = fc.double({ min: 0.51, max: 50, noNaN: true });
  fc.assert(fc.property(noise, ratio, (noise, ratio) => {
    const countStddev = ratio * noise;
    const stddev = updateNoise(noise, countStddev);
    const scale = clipBitScale(stddev, countStddev);
    near(stddev / scale, countStddev, "noise of the count");
    // A client moves the update by at most 1 and its bit by half of its scale.
    near(stddev / Math.hypot(1, scale / 2), noise, "noise of both");
  }));
});

Deno.test("adaptive clipping: the bound settles at the quantile of the norms", () => {
  const norms = Array.from({ length: 100 }, (_, i) => (i + 1) / 10);
  let bound = 0.1;
  for (let round = 0; round < 200; round++) {
    const bits = norms.reduce((sum, norm) => sum + clipBit(norm, bound), 0);
    bound = nextClip(bound, { bits, clients: 100, quantile: 0.8, rate: 0.2 });
  }
  assert.ok(bound > 7.9 && bound < 8.1, `${bound}`);
});

/**
 * What differential privacy adds to a client's work before its parcel is masked: rotation and a share of
 * Skellam noise for a million values.
 *
 * @module
 */
import { systemRandom } from "../src/core/random.ts";
import { skellamTable } from "../src/privacy/skellam_table.ts";
import type { AggregateCore } from "../src/wasm/mod.ts";
import type { Figure } from "./figure.ts";

const VALUES = 1_000_000;
/** Deviations of a client's share: as many clients leave it, and the widest that tasks choose. */
const DEVIATIONS = [8, 128];
const BLOCK = 4096;
/** Noise in words of a parcel, in pieces as the chain has them. */
const PIECE = 1 << 16;

/** Measures both, by the fastest of many. */
export function measureNoise(core: AggregateCore): Figure[] {
  const { memory } = core;
  const fastest = (turns: number, call: () => void): number => {
    let ms = Infinity;
    for (let turn = 0; turn < turns; turn++) {
      const began = performance.now();
      call();
      ms = Math.min(ms, performance.now() - began);
    }
    return ms;
  };
  const mark = memory.mark();
  const values = Math.ceil(VALUES / BLOCK) * BLOCK;
  const span = memory.alloc(4 * values);
  memory.f32(span).forEach((_, i, all) => all[i] = Math.sin(i));
  const seed = systemRandom(32);
  const rotateMs = fastest(15, () => {
    core.flipSigns(span, { seed, at: 0 });
    core.hadamard(span, BLOCK);
  });
  const noise = DEVIATIONS.map((sigma): Figure => {
    const table = skellamTable({ variance: sigma ** 2, most: 40 * sigma });
    const value = fastest(5, () => {
      for (let from = 0, stream = 0; from < values; from += PIECE, stream++) {
        const bytes = 4 * Math.min(PIECE, values - from);
        core.addNoise({ ptr: span.ptr + 4 * from, bytes }, { table, seed, stream, offset: 0 });
      }
    });
    return {
      name: `client, with privacy: Skellam noise of σ = ${sigma}`,
      value,
      unit: "ms",
      goal: { kind: "at most", bound: 40 },
    };
  });
  memory.release(mark);
  return [{ name: "client, with privacy: rotate", value: rotateMs, unit: "ms" }, ...noise];
}

/**
 * Who is whose neighbour: a Harary graph over a permutation of the roster.
 *
 * In the order of the permutation each client's neighbours are the `k/2` before it and the `k/2` after
 * it, around in a circle. The permutation is keyed by the sid and the roster: it is fixed only once
 * everybody is in, so that nobody can choose to stand beside somebody, and it knows nothing of the tree,
 * so that neighbours lie in other regions.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { SEED_BYTES } from "../wasm/kahe.ts";
import { hkdf } from "./hkdf.ts";

/** A graph over the places of a roster. */
export interface Graph {
  /** How many there are. */
  readonly clients: number;
  /** Neighbours of each. */
  readonly degree: number;
  /** Neighbours of a place, ascending. */
  neighbours(place: number): readonly number[];
}

/** What a graph follows from. */
export interface GraphOptions {
  /** The sid, 32 bytes. */
  readonly sid: Uint8Array;
  /** Merkle root of the roster. */
  readonly root: Uint8Array;
  /** How many are in it. */
  readonly clients: number;
  /** Neighbours of each: even, or all the others. */
  readonly degree: number;
}

/** The graph of a roster. */
export async function drawGraph(core: AggregateCore, options: GraphOptions): Promise<Graph> {
  const { sid, root, clients, degree } = options;
  const isComplete = degree === clients - 1;
  if (degree >= clients || (!isComplete && degree % 2 !== 0)) {
    throw new RangeError(`Cannot give each of ${clients} clients ${degree} neighbours`);
  }
  const info = utf8("tributary/1/secagg_plus/graph");
  const seed = await hkdf(sid, { salt: root, info, bytes: SEED_BYTES });
  const order = isComplete ? [] : permutation(core, seed, clients);
  const position = new Map(order.map((place, at) => [place, at]));
  return {
    clients,
    degree,
    neighbours(place) {
      if (isComplete) {
        return Array.from({ length: degree }, (_, at) => at < place ? at : at + 1);
      }
      const at = position.get(place);
      if (at === undefined) throw new RangeError(`Cannot find place ${place} of ${clients}`);
      const beside = Array.from({ length: degree / 2 }, (_, i) => i + 1);
      return beside
        .flatMap((step) => [order[(at + step) % clients], order[(at + clients - step) % clients]])
        .filter((it) => it !== undefined)
        .sort((a, b) => a - b);
    },
  };
}

/**
 * Places in the order of numbers that a seed gives them: place `p` has words `2p` and `2p + 1` of the
 * ChaCha20 keystream, the second one above the first.
 */
function permutation(core: AggregateCore, seed: Uint8Array, clients: number): number[] {
  const { memory } = core;
  const mark = memory.mark();
  const span = memory.alloc(8 * clients);
  try {
    memory.u8(span).fill(0);
    core.addPad(seed, span);
    const words = memory.u32(span).slice();
    const [low, high] = [0, 1].map((half) => (place: number) => words[2 * place + half] ?? 0);
    if (low === undefined || high === undefined) return [];
    return Array.from({ length: clients }, (_, place) => place)
      .sort((a, b) => high(a) - high(b) || low(a) - low(b) || a - b);
  } finally {
    memory.release(mark);
  }
}

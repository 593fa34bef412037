/**
 * The Merkle tree over a task's round log: its signed heads, and proofs.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { promptDigest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { Identity } from "../../src/core/identity.ts";
import {
  type LogConsistency,
  type LogHead,
  type LogInclusion,
  signLogHead,
} from "../../src/wire/log_head.ts";
import { hashNode } from "../../src/wire/merkle.ts";
import { consistencyNodes } from "../../src/wire/merkle_consistency.ts";
import { nodesBeside, type TreeNode } from "../../src/wire/merkle_proof.ts";
import {
  foldHashes,
  growTiles,
  type LogPlace,
  type LogTiles,
  readTile,
  TILE_HASHES,
  TILE_HEIGHT,
} from "./log_tiles.ts";

/** For so long the same head is handed out for the same log. */
const HEAD_MS = 60_000;

/** The tree of one task's log. */
export interface LogTree {
  /** The signed head of the log as it is now. */
  head(): Promise<LogHead>;
  /**
   * Proves that the entry `seq` is in the log of `size` entries.
   *
   * @throws {TributaryError} `bad-request` if there are no such.
   */
  inclusion(seq: number, size: number): Promise<LogInclusion>;
  /**
   * Proves that the log of `from` entries is how the log of `to` entries begins.
   *
   * @throws {TributaryError} `bad-request` if there are no such.
   */
  consistency(from: number, to: number): Promise<LogConsistency>;
}

/** Whose log it is, and where it lies. */
export interface LogTreeOptions extends LogPlace {
  /** Who keeps the log, and signs its heads. */
  readonly identity: Identity;
  /** Where the time comes from. */
  readonly clock: Clock;
}

/** The tree of a log. Nothing is read before it is asked. */
export function createLogTree(options: LogTreeOptions): LogTree {
  const { task, store, identity, clock } = options;
  const place: LogPlace = { task, store };
  let latest: LogTiles | undefined;
  let growing: Promise<unknown> = Promise.resolve();
  let head: LogHead | undefined;

  /** In turn: who joined one that had begun could miss what was written since. */
  function grow(): Promise<LogTiles> {
    const grown = growing.then(async () => latest = await growTiles(place, latest));
    growing = grown.catch(() => {});
    return grown;
  }

  async function covering(size: number): Promise<LogTiles> {
    const tiles = latest !== undefined && size <= latest.entries ? latest : await grow();
    if (size <= tiles.entries) return tiles;
    throw new TributaryError(
      "bad-request",
      `Cannot prove anything of ${size} entries: the log has ${tiles.entries}`,
    );
  }

  return {
    async head() {
      const tiles = await grow();
      const atMs = clock.now();
      const { entries: size } = tiles;
      const age = head?.body.size === size ? Math.abs(atMs - head.body.atMs) : Infinity;
      if (head !== undefined && age < HEAD_MS) return head;
      const root = toHex(await createNodes(place, tiles).root(size));
      return head = await signLogHead({ task, size, root, atMs }, identity);
    },

    async inclusion(seq, size) {
      const tiles = await covering(size);
      if (seq >= size) {
        throw new TributaryError(
          "bad-request",
          `Cannot prove entry ${seq} of ${size} entries: expected one below ${size}`,
        );
      }
      const beside = nodesBeside({ height: 0, index: seq }, size);
      return { seq, size, proof: await createNodes(place, tiles).hashes(beside, size) };
    },

    async consistency(from, to) {
      const tiles = await covering(to);
      if (from > to) {
        throw new TributaryError(
          "bad-request",
          `Cannot prove that ${from} entries begin ${to}: expected at most ${to}`,
        );
      }
      return {
        from,
        to,
        proof: await createNodes(place, tiles).hashes(consistencyNodes(from, to), to),
      };
    },
  };
}

/** Hashes nodes of one tree; each tile is read once. */
function createNodes(place: LogPlace, tiles: LogTiles) {
  const read = new Map<string, Promise<readonly Uint8Array[]>>();

  function tile(level: number, index: number): Promise<readonly Uint8Array[]> {
    const name = `${level}/${index}`;
    const hashes = read.get(name) ?? readTile(place, tiles, { level, index });
    read.set(name, hashes);
    return hashes;
  }

  /** A node without a gap, from the tile that has the hashes below it. */
  async function whole({ height, index }: TreeNode): Promise<Uint8Array> {
    const count = 2 ** (height % TILE_HEIGHT);
    const first = index * count;
    const hashes = await tile(Math.floor(height / TILE_HEIGHT), Math.floor(first / TILE_HASHES));
    const at = first % TILE_HASHES;
    return await foldHashes(hashes.slice(at, at + count));
  }

  /** The node over the entries from one on that it begins with, whole or at the end of the tree. */
  async function over(from: number, to: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = from; at < to;) {
      const height = Math.floor(Math.log2(to - at));
      parts.push(await whole({ height, index: at / 2 ** height }));
      at += 2 ** height;
    }
    let node = parts.pop() ?? promptDigest(new Uint8Array());
    for (const left of parts.toReversed()) node = await hashNode(left, node, promptDigest);
    return node;
  }

  return {
    root: (size: number) => over(0, size),
    async hashes(nodes: readonly TreeNode[], size: number): Promise<string[]> {
      const hashes: string[] = [];
      for (const { height, index } of nodes) {
        const from = index * 2 ** height;
        hashes.push(toHex(await over(from, Math.min(from + 2 ** height, size))));
      }
      return hashes;
    },
  };
}

/**
 * The hashes of a task's round log, kept so that a proof needs a few reads however long the log is.
 *
 * The log's entries are the only truth. What the store keeps beside them is what they hash to; it can
 * be made anew from them at any time, and is: for a log that was begun without it, and after a crash.
 * Hashes lie in tiles of 256, as transparency logs publish theirs: tile `i` of level 0 has those of 256
 * entries, one of level 1 the roots of 256 tiles of level 0, and so on. A full tile never changes. Those
 * hashes that fill no tile yet are held in memory, and above level 0 in a row beside the tiles.
 *
 * @module
 */
import { concatBytes, cutBytes, fromHex } from "../../src/core/bytes.ts";
import { DIGEST_BYTES, promptDigest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import { hashLeaf, hashNode } from "../../src/wire/merkle.ts";
import type { RoundStore, SliceRow } from "../store.ts";

/** Levels of the tree from one level of tiles to the next. */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile. */
export const TILE_HASHES: number = 2 ** TILE_HEIGHT;

/** Entries read at a time: those of a masked round with many groups are long. */
const READ = 64;

/** What the names of all that is kept here begin with. */
const PREFIX = "tree/";
/** Name of the row of hashes that fill no tile yet. */
const EDGE = `${PREFIX}edge`;

/** The tiles of a log as it was at some time; never changed in place. */
export interface LogTiles {
  /** Entries whose hashes they hold. */
  readonly entries: number;
  /** By level, the hashes that fill no tile yet. */
  readonly edges: readonly (readonly Uint8Array[])[];
}

/** Where a log is kept. */
export interface LogPlace {
  /** Digest of the task. */
  readonly task: string;
  /** Where the log is kept. */
  readonly store: RoundStore;
}

/**
 * The tiles of a log as it is now.
 *
 * @param tiles What was known before; read from the store if nothing was.
 * @throws {TributaryError} `store-failed` if the store cannot be read, has lost an entry, or takes no tile.
 */
export async function growTiles(
  place: LogPlace,
  tiles: LogTiles | undefined,
): Promise<LogTiles> {
  const { task, store } = place;
  for (let now = tiles ?? await storedTiles(place);;) {
    const { entries } = now;
    // Never beyond the end of a tile.
    const limit = Math.min(READ, TILE_HASHES - entries % TILE_HASHES);
    const rows = await store.log(task, entries, limit);
    if (rows.length === 0) return now;
    const leaves = rows.map(({ seq, entry }, at) => {
      if (seq !== entries + at) {
        throw new TributaryError(
          "store-failed",
          `Cannot read the log: entry ${entries + at} is gone`,
        );
      }
      // Written by this aggregator itself.
      return hashLeaf(fromHex((entry as unknown as LogEntry).hash), promptDigest);
    });
    const { grown, full } = await addLeaves(now, await Promise.all(leaves));
    if (full.length > 0) {
      // What the row says is full must be there, wherever a crash comes between.
      await store.put(task, full);
      await store.put(task, [edgeRow(grown)]);
    }
    now = grown;
  }
}

/** One tile, full or not. */
export async function readTile(
  { task, store }: LogPlace,
  { entries, edges }: LogTiles,
  { level, index }: { readonly level: number; readonly index: number },
): Promise<readonly Uint8Array[]> {
  if (index === Math.floor(entries / spanOf(level))) return edges[level] ?? [];
  const bytes = await store.slice(task, tileName(level, index), 0);
  if (bytes?.length === TILE_HASHES * DIGEST_BYTES) return cutBytes(bytes, DIGEST_BYTES);
  throw new TributaryError(
    "store-failed",
    `Cannot read the log's tile ${level}/${index}: it is gone`,
  );
}

/** Hash of the node over hashes that lie beside each other, a power of two of them. */
export async function foldHashes(hashes: readonly Uint8Array[]): Promise<Uint8Array> {
  const [left, right] = hashes;
  if (left === undefined) throw new RangeError("Cannot hash a node: it has no hashes");
  if (right === undefined) return left;
  const half = hashes.length / 2;
  return await hashNode(
    await foldHashes(hashes.slice(0, half)),
    await foldHashes(hashes.slice(half)),
    promptDigest,
  );
}

/** Adds leaves that fill a tile at most, and gives the rows of the tiles that they fill. */
async function addLeaves(
  { entries, edges }: LogTiles,
  leaves: readonly Uint8Array[],
): Promise<{ readonly grown: LogTiles; readonly full: readonly SliceRow[] }> {
  const after = entries + leaves.length;
  const next = [...edges];
  const full: SliceRow[] = [];
  let added = leaves;
  for (let level = 0; added.length > 0; level++) {
    const hashes = [...next[level] ?? [], ...added];
    const isFull = hashes.length === TILE_HASHES;
    next[level] = isFull ? [] : hashes;
    if (!isFull) break;
    const name = tileName(level, after / spanOf(level) - 1);
    full.push({ name, index: 0, bytes: concatBytes(hashes) });
    added = [await foldHashes(hashes)];
  }
  return { grown: { entries: after, edges: next }, full };
}

/** Entries under a full tile of a level. */
function spanOf(level: number): number {
  return TILE_HASHES ** (level + 1);
}

function tileName(level: number, index: number): string {
  return `${PREFIX}${level}/${index}`;
}

/** Written as a tile fills, when the level of the entries has none left: the count, then the others'. */
function edgeRow({ entries, edges }: LogTiles): SliceRow {
  const count = new Uint8Array(8);
  new DataView(count.buffer).setBigUint64(0, BigInt(entries));
  return { name: EDGE, index: 0, bytes: concatBytes([count, ...edges.flat()]) };
}

async function storedTiles({ task, store }: LogPlace): Promise<LogTiles> {
  const bytes = await store.slice(task, EDGE, 0);
  if (bytes === undefined) return { entries: 0, edges: [] };
  const entries = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  const hashes = cutBytes(bytes.subarray(8), DIGEST_BYTES);
  const edges: Uint8Array[][] = [];
  // How many hashes each level has left follows from the count.
  for (let level = 0, at = 0; spanOf(level - 1) <= entries; level++) {
    const count = Math.floor(entries / spanOf(level - 1)) % TILE_HASHES;
    edges.push(hashes.slice(at, at += count));
  }
  return { entries, edges };
}

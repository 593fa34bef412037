/**
 * A simulation's checkpoint in one SQLite file: a round is one transaction.
 *
 * @module
 */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeOwnFile } from "../../../edge/sqlite/own_file.ts";
import { TributaryError } from "../../core/errors.ts";
import type { DeviceState } from "../../core/trainer.ts";
import type { Checkpoint, KeptValue, SavedSimulation, SimulatedRound } from "../../sim/mod.ts";
import { ignoreMissing } from "../files.ts";

/** A checkpoint that lasts, and what devices keep in it. */
export interface CheckpointFile extends Checkpoint, Disposable {
  /** One device's state; what is set there stays there, and is no part of the simulation. */
  stateOf(client: number): DeviceState;
}

const FORMAT = 1;
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS progress (
    only INTEGER PRIMARY KEY CHECK (only = 1), format INTEGER NOT NULL, data TEXT NOT NULL,
    key TEXT NOT NULL, tree TEXT NOT NULL, model BLOB NOT NULL, strategy BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS rounds (round INTEGER PRIMARY KEY, facts TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS kept (
    client INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (client, key)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Opens the file, or makes it.
 *
 * @param data Digest of the clients' data, of which a simulation itself knows nothing: a run over
 * other data is not gone on from (`bad-data`).
 * @throws {TributaryError} `store-failed` if it is no such file, or cannot be made.
 */
export function openCheckpointFile(path: string, data: string): CheckpointFile {
  const database = open(path);
  const statements = {
    progress: database.prepare(
      "INSERT INTO progress VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " +
        "key = excluded.key, tree = excluded.tree, model = excluded.model, " +
        "strategy = excluded.strategy",
    ),
    round: database.prepare("INSERT INTO rounds VALUES (?, ?)"),
    keep: database.prepare(
      "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),
    kept: database.prepare("SELECT value FROM kept WHERE client = ? AND key = ?"),
  };
  return {
    load() {
      const saved = readAll(database, path);
      if (saved !== undefined && saved.data !== data) {
        throw new TributaryError(
          "bad-data",
          `Cannot go on from ${path}: it is of data with digest ${saved.data}, expected ${data} (--fresh begins anew)`,
        );
      }
      return Promise.resolve(saved?.simulation);
    },
    save({ key, tree, model, strategy, round, kept }) {
      database.exec("BEGIN IMMEDIATE");
      try {
        statements.progress.run(FORMAT, data, key, JSON.stringify(tree), model, strategy);
        statements.round.run(round.round, JSON.stringify(round));
        for (const { client, key, value } of kept) statements.keep.run(client, key, value);
        database.exec("COMMIT");
      } catch (cause) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw failed("write", path, cause);
      }
      return Promise.resolve();
    },
    stateOf: (client) => ({
      get(key) {
        const value = statements.kept.get(client, key)?.value;
        return Promise.resolve(value instanceof Uint8Array ? value : undefined);
      },
      set(key, value) {
        statements.keep.run(client, key, value);
        return Promise.resolve();
      },
    }),
    [Symbol.dispose]: () => database.close(),
  };
}

/**
 * Removes a checkpoint that is not open, if it is there, and its folder unless that holds anything
 * else: a user may have named one that is not the checkpoint's alone.
 */
export async function removeCheckpointFile(path: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(`${path}${suffix}`).catch(ignoreMissing);
  }
  await Deno.remove(dirname(path)).catch(() => {});
}

function open(path: string): DatabaseSync {
  try {
    makeOwnFile(path);
    const database = new DatabaseSync(path);
    database.exec(SCHEMA);
    return database;
  } catch (cause) {
    throw failed("open", path, cause);
  }
}

function readAll(
  database: DatabaseSync,
  path: string,
): { readonly data: string; readonly simulation: SavedSimulation } | undefined {
  try {
    const progress = database.prepare("SELECT * FROM progress").get();
    if (progress === undefined) return undefined;
    if (progress.format !== FORMAT) {
      throw new TypeError(`its format is ${progress.format}, expected ${FORMAT}`);
    }
    const rounds = database.prepare("SELECT facts FROM rounds ORDER BY round").all();
    const kept = database.prepare("SELECT * FROM kept ORDER BY client, key").all();
    const simulation = {
      key: textOf(progress.key),
      tree: JSON.parse(textOf(progress.tree)),
      model: bytesOf(progress.model),
      strategy: bytesOf(progress.strategy),
      // Written by this very form of the file.
      rounds: rounds.map(({ facts }) => JSON.parse(textOf(facts)) as SimulatedRound),
      kept: kept.map(({ client, key, value }): KeptValue => ({
        client: Number(client),
        key: textOf(key),
        value: bytesOf(value),
      })),
    };
    return { data: textOf(progress.data), simulation };
  } catch (cause) {
    throw failed("read", path, cause);
  }
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`a cell holds ${typeof value}, expected text`);
  return value;
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`a cell holds ${typeof value}, expected bytes`);
  }
  return value as Uint8Array<ArrayBuffer>;
}

function failed(doing: string, path: string, cause: unknown): TributaryError {
  return new TributaryError(
    "store-failed",
    `Cannot ${doing} ${path}: ${
      cause instanceof Error ? cause.message : cause
    }, expected the checkpoint of a simulation`,
    { cause },
  );
}

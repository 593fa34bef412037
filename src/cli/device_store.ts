/**
 * Devices' private state in one SQLite file, for devices that share a machine.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { makeOwnFile } from "../../edge/sqlite/own_file.ts";
import { TributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";

/** The states of several devices. */
export interface DeviceStore extends Disposable {
  /** One device's state; nobody else's is reachable through it. */
  stateOf(device: string): DeviceState;
}

/**
 * Opens the file, or makes it.
 *
 * @throws {TributaryError} `store-failed` if it is no database, or cannot be made.
 */
export function openDeviceStore(path: string): DeviceStore {
  const database = open(path);
  const select = database.prepare("SELECT value FROM state WHERE device = ? AND key = ?");
  const upsert = database.prepare(
    "INSERT INTO state VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  return {
    stateOf: (device) => ({
      get(key) {
        const value = select.get(device, key)?.value;
        return Promise.resolve(value instanceof Uint8Array ? value : undefined);
      },
      set(key, value) {
        upsert.run(device, key, value);
        return Promise.resolve();
      },
    }),
    [Symbol.dispose]: () => database.close(),
  };
}

function open(path: string): DatabaseSync {
  try {
    makeOwnFile(path);
    const database = new DatabaseSync(path);
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA busy_timeout = 5000;
      CREATE TABLE IF NOT EXISTS state (
        device TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (device, key)
      ) STRICT, WITHOUT ROWID;
    `);
    return database;
  } catch (cause) {
    throw new TributaryError(
      "store-failed",
      `Cannot open ${path}: ${
        cause instanceof Error ? cause.message : cause
      }, expected a SQLite file`,
      { cause },
    );
  }
}

/**
 * Devices' private state in one SQLite file, for devices that share a machine.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { DeviceState } from "../core/trainer.ts";

/** The states of several devices. */
export interface DeviceStore extends Disposable {
  /** One device's state; nobody else's is reachable through it. */
  stateOf(device: string): DeviceState;
}

/** Opens the file, or makes it. */
export function openDeviceStore(path: string): DeviceStore {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS state (
      device TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (device, key)
    ) STRICT, WITHOUT ROWID;
  `);
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

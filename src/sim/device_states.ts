/**
 * What simulated devices keep from round to round, and what of it changed since it was last asked.
 *
 * @module
 */
import type { DeviceState } from "../core/trainer.ts";

/** One value that a device keeps. */
export interface KeptValue {
  /** Number of the client. */
  readonly client: number;
  /** Name of the value. */
  readonly key: string;
  /** The value. */
  readonly value: Uint8Array;
}

/** The states of several devices in memory. */
export interface DeviceStates {
  /** One device's; nobody else's is reachable through it. */
  stateOf(client: number): DeviceState;
  /** The values that were set since the last call, each as it is now, in the order of first change. */
  takeChanges(): KeptValue[];
}

/** States that begin with some values. */
export function deviceStates(kept: Iterable<KeptValue> = []): DeviceStates {
  const states = new Map<number, Map<string, Uint8Array>>();
  const changed = new Map<string, { readonly client: number; readonly key: string }>();
  const valuesOf = (client: number): Map<string, Uint8Array> => {
    const values = states.get(client) ?? new Map<string, Uint8Array>();
    states.set(client, values);
    return values;
  };
  for (const { client, key, value } of kept) valuesOf(client).set(key, value);
  return {
    stateOf(client) {
      const values = valuesOf(client);
      return {
        get: (key) => Promise.resolve(values.get(key)?.slice()),
        set(key, value) {
          values.set(key, value.slice());
          changed.set(`${client} ${key}`, { client, key });
          return Promise.resolve();
        },
      };
    },
    takeChanges() {
      const changes = Array.from(changed.values(), ({ client, key }) => ({
        client,
        key,
        value: valuesOf(client).get(key) ?? new Uint8Array(),
      }));
      changed.clear();
      return changes;
    },
  };
}

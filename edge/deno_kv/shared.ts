/**
 * What instances that share a database need of it: what was changed of late, leases and claims by the
 * instances' own clocks, and word of each other's writes by watching the heads of tasks.
 *
 * @module
 */
import { utf8 } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { KeptChange, SharedStore } from "../shared_store.ts";
import type { StoreChange } from "../store.ts";
import type { KvChange } from "./change.ts";
import { type KvDatabase, type KvKey, VALUE_BYTES } from "./database.ts";
import { guard } from "./guard.ts";
import type { Keys } from "./keys.ts";

/** Writes of a task whose changes are kept: an instance that is further behind reads everything. */
const KEPT_CHANGES = 256;

/** Until when something is somebody's. */
interface Held {
  readonly holder: string;
  readonly untilMs: number;
}

/** What a write that makes `version` keeps for others; of one that is too long, nothing. */
export function keptChanges(
  keys: Keys,
  task: string,
  { version, change }: { readonly version: number; readonly change: StoreChange },
): readonly KvChange[] {
  const { members = [], removed = [], updates = [], slices = [], dropSlices = [] } = change;
  const names = [...new Set([...slices.map(({ name }) => name), ...dropSlices])];
  const kept: KeptChange = { version, members, removed, updates, slices: names };
  const bytes = utf8(JSON.stringify(kept));
  const old = { key: keys.change(task, version - KEPT_CHANGES) };
  // Whoever misses it reads everything again.
  return bytes.length > VALUE_BYTES ? [old] : [old, { key: keys.change(task, version), bytes }];
}

/** What a database offers to the instances of one region. */
export function createShared(
  kv: KvDatabase,
  { keys, clock }: { readonly keys: Keys; readonly clock: Clock },
): SharedStore {
  /** Takes what is free, over, or already the holder's; without one, nobody's. */
  async function hold(key: KvKey, ms: number, holder?: string): Promise<boolean> {
    const { value, versionstamp } = await kv.get(key);
    const held = value as Held | null;
    const nowMs = clock.now();
    const isOwn = holder !== undefined && held?.holder === holder;
    if (held !== null && !isOwn && held.untilMs > nowMs) return false;
    const next: Held = { holder: holder ?? "", untilMs: nowMs + ms };
    const atomic = kv.atomic().check({ key, versionstamp }).set(key, next, { expireIn: ms });
    return (await atomic.commit()).ok;
  }

  return {
    watch(task, changed) {
      const reader = kv.watch([keys.head(task)]).getReader();
      const read = async () => {
        while (!(await reader.read()).done) changed();
      };
      // A database that was closed, or is out of reach, has nothing more to say.
      read().catch(() => {});
      return { [Symbol.dispose]: () => void reader.cancel().catch(() => {}) };
    },
    changes: (task, since) =>
      guard("read changes", async () => {
        const { value } = await kv.get(keys.head(task));
        const version = (value as { readonly version?: number } | null)?.version ?? 0;
        const found: KeptChange[] = [];
        const selector = { prefix: keys.change(task), start: keys.change(task, since + 1) };
        for await (const entry of kv.list(selector)) {
          found.push(JSON.parse(new TextDecoder().decode(entry.value as Uint8Array)));
        }
        // One that is missing among them, or before them, is one that was not kept.
        const isWhole = found.every((change, at) => change.version === since + 1 + at);
        return isWhole && since + found.length >= version ? found : undefined;
      }),
    lease: ({ name, holder, ms }) =>
      guard("take a lease", () => hold(keys.lease(name), ms, holder)),
    release: ({ name, holder }) =>
      guard("give a lease back", async () => {
        const key = keys.lease(name);
        const { value, versionstamp } = await kv.get(key);
        if ((value as Held | null)?.holder !== holder) return;
        await kv.atomic().check({ key, versionstamp }).delete(key).commit();
      }),
    leases: () =>
      guard("list leases", async () => {
        const held = new Map<string, string>();
        for await (const { key, value } of kv.list({ prefix: keys.lease() })) {
          const { holder, untilMs } = value as Held;
          if (untilMs > clock.now()) held.set(String(key.at(-1)), holder);
        }
        return held;
      }),
    claim: (key, ms) => guard("claim", () => hold(keys.claim(key), ms)),
  };
}

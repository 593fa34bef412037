/**
 * A region that goes on under another key: with the same store, the same members and the same log.
 *
 * @module
 */
import { toBase64Url } from "../../src/core/bytes.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { type Digest, webDigest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { Identity } from "../../src/core/identity.ts";
import { appendToLog } from "../../src/wire/log.ts";
import { signSuccession } from "../../src/wire/succession.ts";
import { checkStoreIdentity, readTaskDocument } from "../task/first_write.ts";
import type { RoundStore } from "../store.ts";
import { readSuccession, type StoredSuccession, successionRows } from "./stored_succession.ts";
import { loadTask, recordJson } from "../task/task_state.ts";

/** A change of keys. */
export interface RekeyOptions {
  /** The identity that the store goes with; signs its last entry of the log. */
  readonly from: Identity;
  /** The one that goes on. */
  readonly to: Identity;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/**
 * Has a region's store go on under another key, while no process uses it. Its log says so, under the
 * old key; its parent takes the new one for the old by that one's signature. Doing it again changes
 * nothing. Receipts that the old key has signed are checked with the old key, as before.
 *
 * @throws {TributaryError} `busy` while a round is open or its sum not handed on: what was signed for
 * that round would be two members' word; `task-refused` for the store of a root, whose key the task
 * names; `store-failed` if the store goes with another key than `from`.
 */
export async function rekeyRegion(store: RoundStore, options: RekeyOptions): Promise<void> {
  for (const task of await store.tasks()) await rekeyTask(store, task, options);
}

async function rekeyTask(
  store: RoundStore,
  task: string,
  { from, to, clock = systemClock(), digest = webDigest }: RekeyOptions,
): Promise<void> {
  const [old, next] = [toBase64Url(from.publicKey), toBase64Url(to.publicKey)];
  const { version, record, lastEntry } = await loadTask(store, task);
  const before = await readSuccession(store, task);
  if (before?.to === next) return;
  if (record.parent === null) {
    throw new TributaryError(
      "task-refused",
      `Cannot change the key of task ${task}: this is its root, and the task names its key`,
    );
  }
  const { kind } = record.round.phase;
  if (kind === "open" || kind === "sealed") {
    throw new TributaryError(
      "busy",
      `Cannot change the key: round ${record.round.round} is ${kind}, expected one that is over; ` +
        "have the region drain first",
    );
  }
  await checkStoreIdentity({ store, identity: from, digest }, await readTaskDocument(store, task));
  const first = before?.first ?? old;
  const event = { kind: "rekeyed", from: old, to: next } as const;
  const about = { last: lastEntry, task, atMs: clock.now(), identity: from, digest };
  const entry = await appendToLog(event, about);
  const succession = await signSuccession({ task, to: next }, from);
  const stored: StoredSuccession = { ...succession, first, to: next };
  const isWritten = await store.write(task, version, {
    record: recordJson({ ...record, logLength: record.logLength + 1 }),
    slices: successionRows(stored),
    log: [{ seq: entry.body.seq, entry: { ...entry } as never }],
  });
  if (isWritten) return;
  throw new TributaryError(
    "busy",
    "Cannot change the key: somebody else uses the store, expected nobody",
  );
}

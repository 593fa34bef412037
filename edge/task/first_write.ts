/**
 * How a task comes into the store, and out of it again when the aggregator starts.
 *
 * @module
 */
import { toBase64Url, utf8 } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { isStored } from "../../src/round/event.ts";
import type { Step } from "../../src/round/step.ts";
import { appendToLog, type LogEntry } from "../../src/wire/log.ts";
import type { Party } from "../../src/wire/party.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { type SignedTask, type Task, taskId, verifyTask } from "../../src/wire/task.ts";
import { readSlices, sliceRows } from "./models.ts";
import { readSuccession } from "../region/stored_succession.ts";
import type { RoundStore, SliceRow } from "../store.ts";
import { formOf } from "./task_form.ts";
import { recordJson, type TaskRecord } from "./task_state.ts";
import type { World } from "../world.ts";

/** Name of the signed task's slices. */
const TASK_NAME = "task";

/** What a task begins with. */
export interface FirstWrite {
  /** The machine's first record, and the first entry of its log. */
  readonly first: Step;
  /** Who the sums go to; null at the root. */
  readonly parent: Party | null;
  /** Models kept from the beginning. */
  readonly models: readonly ModelInfo[];
  /** Their slices, and other ones. */
  readonly slices: readonly SliceRow[];
}

/**
 * Writes a task's first record; a task that the store has stays as it is.
 *
 * @throws {TributaryError} `task-refused` if its parcels are longer than the store is made for.
 */
export async function storeFirst(
  world: World,
  signed: SignedTask,
  { first, parent, models, slices }: FirstWrite,
): Promise<void> {
  const { store, clock, identity, digest } = world;
  checkLength(store, signed.task);
  const task = await taskId(signed.task, digest);
  const log: LogEntry[] = [];
  for (const effect of first.effects) {
    if (!isStored(effect) || effect.kind !== "log") continue;
    const last: LogEntry | undefined = log.at(-1);
    log.push(await appendToLog(effect.event, { last, task, atMs: clock.now(), identity, digest }));
  }
  const record: TaskRecord = {
    round: first.record,
    sums: {},
    models,
    logLength: log.length,
    parent,
  };
  await store.write(task, 0, {
    record: recordJson(record),
    slices: [...sliceRows(TASK_NAME, utf8(JSON.stringify(signed))), ...slices],
    log: log.map((entry) => ({ seq: entry.body.seq, entry: { ...entry } as never })),
  });
}

function checkLength({ mostBytes = Infinity }: RoundStore, task: Task): void {
  const { parcelBytes } = formOf(task);
  if (parcelBytes <= mostBytes) return;
  throw new TributaryError(
    "task-refused",
    `Cannot take up "${task.name}": its parcels have ${parcelBytes} bytes, ` +
      `expected at most ${mostBytes} in this store`,
  );
}

/**
 * Checks that this identity began the store's log: one that another goes on with is no log.
 *
 * @throws {TributaryError} `store-failed` if another one did.
 */
export async function checkStoreIdentity(
  world: Pick<World, "store" | "identity" | "digest">,
  { task }: SignedTask,
): Promise<void> {
  const { store, identity, digest } = world;
  const id = await taskId(task, digest);
  const [first] = await store.log(id, 0, 1);
  const own = toBase64Url(identity.publicKey);
  const changed = await readSuccession(store, id);
  try {
    if (changed !== undefined && changed.to !== own) throw new RangeError(changed.to);
    await verifyLog([first?.entry], { task, digest, signer: changed?.first ?? own });
  } catch (cause) {
    throw new TributaryError(
      "store-failed",
      `Cannot go on with the store as ${identity.id}: its log is another identity's, expected that one's key`,
      { cause },
    );
  }
}

/**
 * The signed task that the store has under a digest, checked again: the file may have been changed.
 *
 * @throws {TributaryError} `store-failed` if it is missing, `task-refused` if it is another.
 */
export async function readTaskDocument(store: RoundStore, id: string): Promise<SignedTask> {
  const bytes = await readSlices(store, id, TASK_NAME);
  if (bytes === undefined) {
    throw new TributaryError("store-failed", `Cannot take up task ${id}: its document is missing`);
  }
  return (await verifyTask(JSON.parse(new TextDecoder().decode(bytes)), id)).signed;
}

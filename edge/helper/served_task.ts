/**
 * The tasks that a helper serves: what it checks of one before it does, and what it knows of it then.
 *
 * @module
 */
import { fromBase64Url, toBase64Url } from "../../src/core/bytes.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { identityId } from "../../src/core/identity.ts";
import type { Json } from "../../src/core/json.ts";
import { envelopeBytes } from "../../src/mask/envelope.ts";
import type { HelperKey } from "../../src/mask/helper_key.ts";
import type { Helping } from "../../src/mask/mask.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { parcelsOf } from "../../src/update/plan.ts";
import { groupsOf, helpersOf } from "../../src/wire/mask_plan.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { rootKeyOf, type SignedTask, updatePlan, verifyTask } from "../../src/wire/task.ts";
import { MAX_SLICE_BYTES } from "../store.ts";
import type { HelperWorld } from "./world.ts";

/** A task, and this helper's place in it. */
export interface ServedTask {
  /** Digest of the task. */
  readonly id: string;
  /** The document, as its owner signed it. */
  readonly signed: SignedTask;
  /** Identity id of its owner. */
  readonly owner: string;
  /** Identity id of whoever runs its root, and asks. */
  readonly root: string;
  /** Which of its helpers this is, from 1. */
  readonly number: number;
  /** The key that its clients seal to. */
  readonly key: HelperKey;
  /** What helpers do for its scheme. */
  readonly helping: Helping;
  /** Length of each helper's envelopes. */
  readonly envelopes: readonly number[];
  /** Fewest clients of a set, and most. */
  readonly clients: { readonly min: number; readonly max: number };
  /** Groups of its rounds. */
  readonly groups: number;
  /** {@link planDigest} of the task. */
  readonly plan: string;
}

/**
 * Checks a signed task and finds this helper in it.
 *
 * @throws {TributaryError} `task-refused` for a document that is none, is not its owner's, or whose
 * scheme has no helpers, sets too small or answers too long; `helper-mismatch` if it does not name this
 * helper's identity with one of its keys.
 */
export async function serveTask(
  value: unknown,
  world: HelperWorld,
  expected?: string,
): Promise<ServedTask> {
  const { signed, id } = await verifyTask(value, expected);
  const { task } = signed;
  const { mask, clients } = task;
  const { helping } = maskOf(mask, parcelsOf(updatePlan(task)));
  if (helping === undefined || !("min" in mask)) {
    refuse(`it masks by ${mask.kind}, expected a scheme with helpers`);
  }
  if (mask.min < world.limits.leastClients) {
    refuse(`it opens sums of ${mask.min} clients, expected at least ${world.limits.leastClients}`);
  }
  if (helping.answerBytes > MAX_ANSWER_BYTES) {
    refuse(`its answers take ${helping.answerBytes} bytes, expected at most ${MAX_ANSWER_BYTES}`);
  }
  const { number, key } = findHelper(signed, world);
  return {
    id,
    signed,
    owner: await identityId(fromBase64Url(signed.owner)),
    root: await identityId(fromBase64Url(rootKeyOf(signed))),
    number,
    key,
    helping,
    envelopes: helping.keys.map((_, at) => envelopeBytes(helping.shareBytes(at + 1))),
    clients: { min: mask.min, max: clients.max },
    groups: groupsOf(mask),
    plan: await planDigest(task, world.digest),
  };
}

/** A row of the store holds the answer's document beside its share. */
const MAX_ANSWER_BYTES = MAX_SLICE_BYTES - 8192;

function findHelper(
  { task }: SignedTask,
  { identity, keys }: HelperWorld,
): Pick<ServedTask, "number" | "key"> {
  const helpers = helpersOf(task.mask);
  const own = toBase64Url(identity.publicKey);
  const at = helpers.findIndex((helper) => helper.identity === own);
  const named = helpers[at];
  if (named === undefined) {
    mismatch(`none of its ${helpers.length} helpers has the identity key ${own}`);
  }
  const key = keys.find(({ publicKey }) => toBase64Url(publicKey) === named.key);
  if (key === undefined) {
    mismatch(`it names the key ${named.key}, expected one that this helper has`);
  }
  return { number: at + 1, key };
}

/** The tasks of one helper. */
export interface TaskBook {
  /**
   * Keeps a task from now on.
   *
   * @throws {TributaryError} `too-many-tasks` if there is no room for another one.
   */
  put(task: ServedTask): Promise<void>;
  /**
   * A task that is served.
   *
   * @throws {TributaryError} `task-unknown` if it is not, and as {@link serveTask} if its key is gone.
   */
  get(id: string): Promise<ServedTask>;
}

/** Tasks that are held in memory; others are read and checked again when they are asked about. */
const HELD_TASKS = 256;

/** Tasks over a store, of which those that were met last are held in memory. */
export function createTaskBook(world: HelperWorld): TaskBook {
  const { store, limits } = world;
  const served = new Map<string, ServedTask>();
  function hold(task: ServedTask): ServedTask {
    const [oldest] = served.keys();
    if (served.size >= HELD_TASKS && oldest !== undefined) served.delete(oldest);
    served.set(task.id, task);
    return task;
  }
  return {
    async put(task) {
      if (served.has(task.id)) return;
      const known = await store.tasks();
      if (known.length >= limits.tasks && !known.includes(task.id)) {
        throw new TributaryError(
          "too-many-tasks",
          `Cannot serve a task: ${known.length} are served, expected at most ${limits.tasks}`,
        );
      }
      await store.putTask(task.id, task.signed as unknown as Json);
      hold(task);
    },
    async get(id) {
      const kept = served.get(id);
      if (kept !== undefined) return kept;
      const document = await store.task(id);
      if (document === undefined) {
        throw new TributaryError(
          "task-unknown",
          `Cannot find task ${id}: this helper has none such`,
        );
      }
      return hold(await serveTask(document, world, id));
    },
  };
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot serve a task: ${found}`);
}

function mismatch(found: string): never {
  throw new TributaryError("helper-mismatch", `Cannot serve a task: ${found}`);
}

/**
 * The task: an immutable document that says what is learned, how, and when to stop. Its digest is its
 * name, and its owner's signature its authority.
 *
 * @module
 */
import * as v from "valibot";
import { fromBase64Url, toBase64Url, toHex } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { canonicalBytes, type Json } from "../core/json.ts";
import type { TensorSpec } from "../core/tensor.ts";
import { type Domain, sealed, verifySealed } from "./domain.ts";
import { jsonSchema } from "./json_schema.ts";
import { type MaskPlan, maskPlanFault, maskPlanSchema } from "./mask_plan.ts";
import { readMessage } from "./message.ts";
import { MAX_CLIENTS, type Party, partySchema } from "./party.ts";
import { type PrivacyPlan, privacyPlanSchema } from "./privacy_plan.ts";
import { rootShare, type Sampling, samplingSchema } from "./sampling.ts";
import {
  finiteSchema,
  hexDigestSchema,
  key32Schema,
  metricNameSchema,
  positiveSchema,
  signatureSchema,
  wholeSchema,
} from "./scalars.ts";

/** A choice out of an open family, with that member's own options, checked by whoever runs it. */
export interface Choice {
  /** Which member of the family, such as `mf` or `fedadam`. */
  readonly kind: string;
  /** The member's own options. */
  readonly [option: string]: Json;
}

/** One tensor of an update and the range that its values are clamped to. */
export interface UpdateTensor extends TensorSpec {
  /** Values lie in `[-range, range]` after clamping. */
  readonly range: number;
}

/** How updates are encoded, so that their sum fits. */
export interface UpdatePlanDocument {
  /** Bits of one value's slot in the sum, 2 to 32. */
  readonly slotBits: number;
  /** Tensors in the order in which they travel. */
  readonly tensors: readonly UpdateTensor[];
  /** Bound on a weights contribution's L2 norm; null for none. */
  readonly clip: number | null;
  /** Examples that give a client full weight; null to weigh all clients the same. */
  readonly weightCap: number | null;
}

/** When the task ends: at whichever comes first. Metrics are better when higher. */
export interface StopRules {
  /** Models published. */
  readonly rounds: number;
  /** A metric's mean reached this value. */
  readonly target?: { readonly metric: string; readonly value: number };
  /** A metric's mean has not improved for so many rounds. */
  readonly patience?: { readonly metric: string; readonly rounds: number };
  /** So many minutes went by since the first round opened. */
  readonly minutes?: number;
}

/** What is learned, how, by how many, and when to stop. */
export interface Task {
  /** Version of this form. */
  readonly version: 1;
  /** What people call it. */
  readonly name: string;
  /** Model and its options. */
  readonly model: Choice;
  /** How clients train. */
  readonly train: Readonly<Record<string, Json>>;
  /** How the root steps, and its options. */
  readonly strategy: Choice;
  /** How updates are encoded. */
  readonly update: UpdatePlanDocument;
  /** How parcels are masked. */
  readonly mask: MaskPlan;
  /** What is promised about each client's privacy; nothing where left out. */
  readonly privacy?: PrivacyPlan;
  /** Fewest clients that a round opens with and publishes from, and most that it takes. */
  readonly clients: { readonly min: number; readonly max: number };
  /** How the clients of each round are chosen. */
  readonly sampling: Sampling;
  /** Milliseconds from opening to deadline. */
  readonly roundMs: number;
  /** Metrics that clients report. */
  readonly metrics: readonly string[];
  /** When the task ends. */
  readonly stop: StopRules;
  /** Seed of the initial model: 32 bytes in hex. */
  readonly seed: string;
  /** Digest of the list of items that the model's rows stand for, where they stand for any. */
  readonly catalogue?: string;
}

/** Most tensors of an update. */
const MAX_TENSORS = 1024;
const choiceSchema = v.objectWithRest(
  { kind: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,63}$/)) },
  jsonSchema,
);

/** Schema of {@link Task}; {@link readTask} also checks what no schema can say. */
const taskSchema: v.GenericSchema<Task> = v.pipe(
  v.strictObject({
    version: v.literal(1),
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(128), v.regex(/^[ -~\u00a0-\uffff]+$/)),
    model: choiceSchema,
    train: v.record(v.pipe(v.string(), v.maxLength(64)), jsonSchema),
    strategy: choiceSchema,
    update: v.strictObject({
      slotBits: wholeSchema(2, 32, "Bits of one value's slot in the sum"),
      tensors: v.pipe(
        v.array(v.strictObject({
          name: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/)),
          shape: v.pipe(v.array(wholeSchema(1, 2 ** 31 - 1, "Extent")), v.maxLength(8)),
          range: positiveSchema(1e9, "Values are clamped to this range either side of zero"),
        })),
        v.minLength(1),
        v.maxLength(MAX_TENSORS),
      ),
      clip: v.nullable(positiveSchema(1e9, "Bound on the L2 norm of a client's change")),
      weightCap: v.nullable(positiveSchema(1e9, "Examples that give a client full weight")),
    }),
    mask: maskPlanSchema,
    privacy: v.exactOptional(privacyPlanSchema),
    clients: v.strictObject({
      min: wholeSchema(1, MAX_CLIENTS, "Fewest clients that a round publishes from"),
      max: wholeSchema(1, MAX_CLIENTS, "Most clients in a round"),
    }),
    sampling: samplingSchema,
    roundMs: wholeSchema(1, 30 * 86_400_000, "Milliseconds from a round's opening to its deadline"),
    metrics: v.pipe(v.array(metricNameSchema), v.maxLength(64)),
    stop: v.strictObject({
      rounds: wholeSchema(1, 1e6, "Models to publish"),
      target: v.exactOptional(v.strictObject({
        metric: metricNameSchema,
        value: finiteSchema,
      })),
      patience: v.exactOptional(v.strictObject({
        metric: metricNameSchema,
        rounds: wholeSchema(1, 1e6, "Rounds without a better mean"),
      })),
      minutes: v.exactOptional(positiveSchema(525_600, "Minutes since the first round opened")),
    }),
    seed: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description("32 bytes in hex")),
    catalogue: v.exactOptional(hexDigestSchema),
  }),
  v.description("What is learned, how, by how many, and when to stop"),
);

/** The layout of a task's updates, as they are encoded and decoded. */
export function updatePlan(
  { update, clients, privacy }: Pick<Task, "update" | "clients" | "privacy">,
): UpdatePlanDocument & { readonly maxClients: number; readonly privacy?: PrivacyPlan } {
  return { ...update, maxClients: clients.max, ...(privacy && { privacy }) };
}

/** The owner's word for the key of the root. */
export interface RootKey {
  /** Raw Ed25519 key of the root, base64url. */
  readonly publicKey: string;
  /** The owner's, over `"tributary/root/1\n"` and the canonical JSON of `{ task, root }`. */
  readonly signature: string;
}

const rootKeySchema: v.GenericSchema<RootKey> = v.pipe(
  v.strictObject({ publicKey: key32Schema, signature: signatureSchema }),
  v.description("The key of the root, under the owner's signature"),
);

/** A task with its owner's word for it. */
export interface SignedTask {
  /** The document. */
  readonly task: Task;
  /** The owner's raw Ed25519 public key, base64url. */
  readonly owner: string;
  /** Over `"tributary/task/1\n"` and the canonical JSON of the task. */
  readonly signature: string;
  /** Who runs the root and signs its log, where that is not the owner's own key. */
  readonly root?: RootKey;
}

/** Schema of {@link SignedTask}. */
export const signedTaskSchema: v.GenericSchema<SignedTask> = v.pipe(
  v.strictObject({
    task: taskSchema,
    owner: key32Schema,
    signature: signatureSchema,
    root: v.exactOptional(rootKeySchema),
  }),
  v.description("A task with its owner's signature"),
);

/** A task as an aggregator offers it: with who signs receipts there. */
export interface TaskOffer extends SignedTask {
  /** The aggregator that answered. */
  readonly region: Party;
}

/** Schema of {@link TaskOffer}. */
export const taskOfferSchema: v.GenericSchema<TaskOffer> = v.pipe(
  v.strictObject({
    task: taskSchema,
    owner: key32Schema,
    signature: signatureSchema,
    root: v.exactOptional(rootKeySchema),
    region: partySchema,
  }),
  v.description("A signed task and the aggregator that offers it"),
);

/** The tasks of an aggregator. */
export interface TaskList {
  /** Digest and name of each. */
  readonly tasks: readonly { readonly task: string; readonly name: string }[];
}

/** Schema of {@link TaskList}. */
export const taskListSchema: v.GenericSchema<TaskList> = v.pipe(
  v.strictObject({
    tasks: v.pipe(
      v.array(v.strictObject({
        task: hexDigestSchema,
        name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
      })),
      v.maxLength(1000),
    ),
  }),
  v.description("The tasks of an aggregator"),
);

/**
 * A task out of unknown data.
 *
 * @throws {TributaryError} `task-refused` when a field is missing, unknown or out of range, when
 * `clients.min` is above `clients.max` or the sample's size not between them, when groups do not fit
 * the clients or two helpers are one, when a tensor or metric is named twice, or when a stop rule
 * names a metric that clients do not report.
 */
export function readTask(value: unknown): Task {
  const task = readMessage(taskSchema, value, { what: "a task", code: "task-refused" });
  const { clients, metrics, sampling, stop, update } = task;
  if (clients.min > clients.max) {
    refuse(`clients.min is ${clients.min}, expected at most clients.max, which is ${clients.max}`);
  }
  const { clients: asked, enough } = rootShare(sampling, clients);
  if (enough < clients.min) {
    refuse(
      `a round is complete with ${enough} clients, expected at least clients.min, ${clients.min}`,
    );
  }
  if (asked > clients.max) {
    refuse(`a round asks ${asked} clients, expected at most clients.max, which is ${clients.max}`);
  }
  const fault = maskPlanFault(task.mask, clients);
  if (fault !== undefined) refuse(fault);
  const tensors = update.tensors.map((tensor) => tensor.name);
  for (const names of [tensors, metrics]) {
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) refuse(`"${twice}" is named twice, expected each name once`);
  }
  for (const metric of [stop.target?.metric, stop.patience?.metric]) {
    if (metric !== undefined && !metrics.includes(metric)) {
      refuse(
        `it stops by "${metric}", expected one of its metrics: ${metrics.join(", ") || "none"}`,
      );
    }
  }
  return task;
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot read a task: ${found}`);
}

const TASK: Domain = "task";

/** Name of a task: lower-case hex of the SHA-256 of its canonical JSON (RFC 8785). */
export async function taskId(task: Task, digest: Digest = webDigest): Promise<string> {
  return toHex(await digest(canonicalBytes(task)));
}

/** The task under its owner's signature. */
export async function signTask(task: Task, owner: Identity): Promise<SignedTask> {
  return {
    task,
    owner: toBase64Url(owner.publicKey),
    signature: toBase64Url(await owner.sign(sealed(TASK, task))),
  };
}

/**
 * The task under the signature of an owner whose key is not the root's: the root runs it by the owner's
 * word, and the owner's key may lie elsewhere.
 *
 * @param root Raw Ed25519 key of the root.
 */
export async function signTaskFor(
  task: Task,
  { owner, root }: { readonly owner: Identity; readonly root: Uint8Array },
): Promise<SignedTask> {
  const publicKey = toBase64Url(root);
  const said = { task: await taskId(task), root: publicKey };
  const signature = toBase64Url(await owner.sign(sealed("root", said)));
  return { ...await signTask(task, owner), root: { publicKey, signature } };
}

/** Raw key of whoever runs a task's root, base64url: signs its log, and asks helpers. */
export function rootKeyOf({ owner, root }: Pick<SignedTask, "owner" | "root">): string {
  return root?.publicKey ?? owner;
}

/**
 * Checks a signed task: its form, its owner's signature and, when known, its name.
 *
 * @param value    Unknown data.
 * @param expected Digest that the task must have, if the caller knows it.
 * @returns The checked document and its digest.
 * @throws {TributaryError} `task-refused` as {@link readTask}, or when the signature or digest differs.
 */
export async function verifyTask(
  value: unknown,
  expected?: string,
): Promise<{ readonly signed: SignedTask; readonly id: string }> {
  const form = { what: "a signed task", code: "task-refused" } as const;
  const signed = readMessage(signedTaskSchema, value, form);
  const task = readTask(signed.task);
  const id = await taskId(task);
  if (expected !== undefined && id !== expected) {
    refuse(`its digest is ${id}, expected ${expected}`);
  }
  if (!await verifySealed(TASK, task, signed.signature, fromBase64Url(signed.owner))) {
    refuse(`the signature is not its owner's`);
  }
  if (signed.root !== undefined) {
    const { publicKey: root, signature } = signed.root;
    if (!await verifySealed("root", { task: id, root }, signature, fromBase64Url(signed.owner))) {
      refuse(`its owner has not signed for the root ${root}`);
    }
  }
  return { signed: { ...signed, task }, id };
}

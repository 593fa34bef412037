/**
 * From a model to the parcel that travels: what a client does in a round, without its region. Live
 * clients and simulated ones share it.
 *
 * @module
 */
import { deriveSeed } from "../core/random.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { TributaryError } from "../core/errors.ts";
import type { Contribution, DeviceState, TrainContext, Trainer } from "../core/trainer.ts";
import { CLIP_BOUND } from "../privacy/root_privacy.ts";
import type { ClientHalf } from "../strategy/client_half.ts";
import { splitPublished } from "../strategy/published.ts";
import type { PrivateSender, UpdateChain } from "../update/chain.ts";
import { type Task, taskId } from "../wire/task.ts";

/** All that is random in a round. */
export interface RoundSeeds {
  /** Decides the training. */
  readonly train: Uint8Array;
  /** Decides the rounding. */
  readonly encode: Uint8Array;
}

/**
 * What a task is to repeatable clients: its digest without its mask. The same task masked, unmasked or
 * with other helpers has another digest, and the same models.
 */
export async function lessonOf(task: Task): Promise<string> {
  return await taskId({ ...task, mask: { kind: "none" } });
}

/**
 * The seeds of a client whose rounds are repeatable: functions of its own seed, {@link lessonOf} the
 * task, and the round.
 */
export async function roundSeeds(
  seed: Uint8Array,
  { lesson, round }: { readonly lesson: string; readonly round: number },
): Promise<RoundSeeds> {
  return {
    train: await deriveSeed(seed, lesson, round, "train"),
    encode: await deriveSeed(seed, lesson, round, "encode"),
  };
}

/** What a client trains from. */
export interface ReceivedModel {
  /** How many steps it has seen. */
  readonly version: number;
  /** All tensors that were published: the model's, and what its strategy sends along. */
  readonly tensors: NamedTensors;
}

/** What an update is made with. */
export interface MakeUpdateOptions {
  /** Number of the round. */
  readonly round: number;
  /** Trains on the device's examples. */
  readonly trainer: Trainer;
  /** The client's half of the task's strategy, where it has one. */
  readonly half: ClientHalf | undefined;
  /** What the device keeps from round to round. */
  readonly state: DeviceState;
  /** Turns a contribution into a parcel. */
  readonly chain: UpdateChain;
  /** Seeds that only this client and this round have, 32 bytes each. */
  readonly seeds: RoundSeeds;
  /** What an update of a private task is blurred with; others need none. */
  readonly blur?: Omit<PrivateSender, "clip">;
  /** Ends the training. */
  readonly signal: AbortSignal;
  /** Where the parcel goes, for one who makes many after each other; a new array where left out. */
  readonly into?: Uint8Array<ArrayBuffer>;
}

/** An update, ready to be sent. */
export interface MadeUpdate {
  /** What the trainer gave. */
  readonly contribution: Contribution;
  /** The encoded update. */
  readonly parcel: Uint8Array<ArrayBuffer>;
  /** To be called once the region's receipt is there, and never for an update that went missing. */
  accepted(): Promise<void>;
}

/**
 * Trains, and encodes what came of it.
 *
 * @throws {TributaryError} `update-misshapen` for an update that is not of the plan's shape, or of a
 * trainer that does not do what the strategy asks of it; `update-not-finite` for one with a NaN or an infinity.
 * @throws What the trainer throws, or the signal's reason.
 */
export async function makeUpdate(
  { version, tensors }: ReceivedModel,
  options: MakeUpdateOptions,
): Promise<MadeUpdate> {
  const { round, trainer, half, state, chain, seeds, blur, signal, into } = options;
  const { rest: model, published } = splitPublished(tensors);
  const clip = boundOf(published);
  const part = await half?.begin({ round, version, published, state }) ?? {};
  const context = { round, seed: seeds.train, signal, needs: half?.needs ?? [] };
  const contribution = part.correction === undefined
    ? await trainer(model, context)
    : await corrected(trainer, model, { ...context, correction: part.correction });
  signal.throwIfAborted();
  const parcel = chain.encode(contribution, {
    model,
    key: seeds.encode,
    ...(part.form && { form: part.form }),
    ...(into && { into }),
    ...(blur && { private: { ...blur, ...(clip !== undefined && { clip }) } }),
  });
  return {
    contribution,
    parcel,
    accepted: async () => await part.accepted?.(chain.sent(parcel, contribution)),
  };
}

/**
 * The bound that came beside the model, where it adapts.
 *
 * @throws {TributaryError} `model-invalid` if it is no bound. One that is too large takes nothing from
 * what is promised: noise grows with it.
 */
function boundOf({ [CLIP_BOUND]: bound }: NamedTensors): number | undefined {
  if (bound === undefined) return undefined;
  const clip = bound.data[0] ?? NaN;
  if (clip > 0 && Number.isFinite(clip)) return clip;
  throw new TributaryError(
    "model-invalid",
    `Cannot bound the update by ${clip}: expected a finite number above 0`,
  );
}

/**
 * Trains under a correction. A trainer that never looks at it cannot have heeded it, and would have
 * the task's clients run another algorithm than the one that it names.
 */
async function corrected(
  trainer: Trainer,
  model: NamedTensors,
  { correction, ...context }: Required<TrainContext>,
): Promise<Contribution> {
  let isRead = false;
  const contribution = await trainer(model, {
    ...context,
    get correction() {
      isRead = true;
      return correction;
    },
  });
  if (!isRead) {
    throw new TributaryError(
      "update-misshapen",
      "Cannot send the update: its trainer never read context.correction, expected one that adds it to each local gradient",
    );
  }
  return contribution;
}

/**
 * A crew: some of a simulation's clients, and what they do in a round: all that devices do, in one thread
 * and without a region.
 *
 * @module
 */
import { type ClientCores, inlineCores } from "../client/cores.ts";
import type { Training } from "../client/join_options.ts";
import { lessonOf, makeUpdate, roundSeeds } from "../client/make_update.ts";
import { type Clock, systemTurn } from "../core/clock.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { deriveSeed } from "../core/random.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import { onDevice } from "../models/on_device.ts";
import type { AnyModel } from "../models/registry.ts";
import { rotationSeed } from "../privacy/rotation.ts";
import { checkTask } from "../task/check_task.ts";
import { createUpdateChain } from "../update/chain.ts";
import { updateBytes } from "../update/plan.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import { type Task, taskId } from "../wire/task.ts";
import { deviceStates, type KeptValue } from "./device_states.ts";
import type { TrainingPart } from "./play_round.ts";

/** A client of a crew. */
export interface CrewClient {
  /** Its number. */
  readonly client: number;
  /** 32 bytes that decide everything it draws. */
  readonly seed: Uint8Array;
  /** What it learns from, or by. */
  readonly training: Training;
}

/** What a crew begins with. */
export interface CrewOptions {
  /** The task, checked again. */
  readonly task: Task;
  /** Its clients. */
  readonly clients: readonly CrewClient[];
  /** What their devices kept, of an earlier start. */
  readonly kept: readonly KeptValue[];
  /** Whether a round's result holds what devices keep. */
  readonly tellsChanges: boolean;
}

/** What a crew has to do in a round. */
export interface CrewWork {
  /** Number of the round. */
  readonly round: number;
  /** Version of the model. */
  readonly version: number;
  /** The model's safetensors file. */
  readonly model: Uint8Array;
  /** Who trains, and what for. */
  readonly parts: readonly TrainingPart[];
}

/** What came of it. */
export interface CrewResult {
  /** Little-endian words: the sum of the parcels that are in the root's; zeros if none is. */
  readonly sum: Uint8Array<ArrayBuffer>;
  /** What devices keep that they did not before; empty unless asked for. */
  readonly changes: readonly KeptValue[];
}

/** How a round's work is watched and ended. */
export interface WorkOptions {
  /** Hears now and then that so many more clients have trained. */
  readonly onTrained: (count: number) => void;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** Clients at work, in this thread or in another. */
export interface Crew extends AsyncDisposable {
  /**
   * Trains and encodes, and adds up what is in the root's sum. One call at a time.
   *
   * @throws What a trainer throws, in words that name the client and the round.
   */
  work(work: CrewWork, options: WorkOptions): Promise<CrewResult>;
}

/** Longest time without a turn for anyone else, such as a Ctrl-C. */
const TURN_MS = 50;

/** A crew in this thread. */
export async function createCrew(options: CrewOptions, clock: Clock): Promise<Crew> {
  const { task } = options;
  const id = await taskId(task);
  const lesson = await lessonOf(task);
  const { model, strategy: { client: half }, plan } = checkTask(task);
  const cores = await inlineCores();
  const chain = createUpdateChain(cores.aggregate, plan);
  const states = deviceStates(options.kept);
  const parcel = new Uint8Array(updateBytes(plan));
  const sum = createSum(cores.aggregate, parcel.length);
  const clients = new Map(options.clients.map(({ client, seed, training }) => {
    const state = states.stateOf(client);
    return [client, {
      seed,
      state,
      trainer: trainerOf(training, { model, cores, state }),
    }] as const;
  }));

  return {
    async work({ round, version, model: file, parts }, { onTrained, signal }) {
      const { tensors } = decodeSafetensors(file);
      sum.clear();
      let turnMs = clock.now();
      let told = 0;
      for (const [at, { client, isAcknowledged, isIncluded }] of parts.entries()) {
        const found = clients.get(client);
        if (found === undefined) throw new RangeError(`Cannot train client ${client}: not here`);
        const { seed, state, trainer } = found;
        const seeds = await roundSeeds(seed, { lesson, round });
        const blur = task.privacy && {
          rotation: await rotationSeed(id, round),
          // Repeatable, as nothing here is kept from anyone; a live client's comes from a CSPRNG.
          noise: await deriveSeed(seed, id, round, "noise"),
        };
        try {
          const made = await makeUpdate({ version, tensors }, {
            ...{ round, trainer, half, state, chain, seeds, signal },
            into: parcel,
            ...(blur && { blur }),
          });
          if (isIncluded) sum.add(made.parcel);
          if (isAcknowledged) await made.accepted();
        } catch (cause) {
          signal.throwIfAborted();
          throw failure(cause, { client, round });
        }
        if (clock.now() - turnMs < TURN_MS) continue;
        onTrained(at + 1 - told);
        told = at + 1;
        await systemTurn();
        signal.throwIfAborted();
        turnMs = clock.now();
      }
      onTrained(parts.length - told);
      const changes = states.takeChanges();
      return { sum: sum.bytes(), changes: options.tellsChanges ? changes : [] };
    },
    [Symbol.asyncDispose]() {
      cores.aggregate[Symbol.dispose]();
      cores.train[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

function trainerOf(
  { trainer, examples }: Training,
  { model, cores, state }: {
    readonly model: AnyModel;
    readonly cores: ClientCores;
    readonly state: DeviceState;
  },
): Trainer {
  return trainer ?? onDevice(model, { core: cores.train, examples, state }).trainer;
}

/** A sum of parcels in the core's own memory. */
function createSum(core: AggregateCore, bytes: number) {
  const { memory } = core;
  const [total, scratch] = [memory.alloc(bytes), memory.alloc(bytes)];
  return {
    clear: () => void memory.u8(total).fill(0),
    add(parcel: Uint8Array) {
      memory.u8(scratch).set(parcel);
      core.addU32(total, scratch);
    },
    bytes: () => memory.u8(total).slice(),
  };
}

function failure(cause: unknown, { client, round }: { client: number; round: number }): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const detail = `Cannot simulate client ${client} in round ${round}: ${reason}`;
  return isTributaryError(cause)
    ? new TributaryError(cause.code, detail, { cause })
    : new Error(detail, { cause });
}

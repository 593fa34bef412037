/**
 * Joining a region: from then on a device hears of every round and may take part.
 *
 * @module
 */
import { systemClock } from "../core/clock.ts";
import { webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { systemFetch } from "../core/fetch.ts";
import { systemRandom } from "../core/random.ts";
import type { DeviceState, Trainer } from "../core/trainer.ts";
import { type ModelUse, onDevice } from "../models/on_device.ts";
import type { AnyModel } from "../models/registry.ts";
import { checkTask } from "../task/check_task.ts";
import { createUpdateChain } from "../update/chain.ts";
import { isRetryable } from "../wire/peer.ts";
import { planDigest } from "../wire/session_id.ts";
import { rootKeyOf } from "../wire/task.ts";
import { type ClientCores, inlineCores } from "./cores.ts";
import { checkInsistence } from "./insistence.ts";
import type { JoinOptions } from "./join_options.ts";
import { lessonOf, roundSeeds } from "./make_update.ts";
import { memoryState } from "./memory_state.ts";
import { createParticipant, type Participant } from "./participant.ts";
import { createRegions, nearestOffer, type ReachOptions, type Regions } from "./regions.ts";

/**
 * Enrols a device at the region under `url`; of several at the nearest one, which is the first to answer.
 *
 * With several it goes to another one when its own is away or drains. It never sends an update of one
 * round to two of them; so that this holds over a restart too, its `state` has to be durable.
 *
 * The task is checked before anything else: its owner's signature, that its updates fit their slots,
 * and that its layout is the one of its model and strategy.
 *
 * @throws {TributaryError} `task-refused`, `task-unknown`, `member-refused`, `peer-unreachable`, …
 *
 * @example A device of its own training code
 * ```ts ignore
 * await using me = await join("https://region.example", {
 *   identity: await generateIdentity(),
 *   trainer: async (weights, { seed, signal }) => ({ weights: await mine(weights), examples: 12 }),
 * });
 * for await (const round of me.rounds()) console.log(round.round, round.kind);
 * ```
 */
export async function join(
  url: string | readonly string[],
  options: JoinOptions,
): Promise<Participant> {
  const { identity, digest = webDigest, clock = systemClock(), random = systemRandom } = options;
  const { seed, token, turn = (work) => work(), state = memoryState() } = options;
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const reach: ReachOptions = {
    urls: typeof url === "string" ? [url] : [...new Set(url)],
    fetch: options.fetch ?? systemFetch,
    identity,
    clock,
    random,
    digest,
  };
  if (reach.urls.length === 0) throw new TypeError("Cannot join: expected the address of a region");
  const first = await nearestOffer(reach, { task: options.task, ...call });
  const { id: taskId, offer: { task, owner } } = first;
  if (options.owner !== undefined && options.owner !== owner) {
    throw new TributaryError(
      "task-refused",
      `Cannot take part in a task that ${owner} owns: expected ${options.owner}`,
    );
  }
  if (options.insist !== undefined) checkInsistence(task, options.insist);
  const { model, strategy, published, plan, mask } = checkTask(task);
  const cores = options.cores ?? await inlineCores();
  const { trainer, use } = trainingOf(model, cores, { ...options, state });
  const regions = createRegions({ ...reach, first, token });
  await enrolSomewhere(regions, options.signal);

  const lesson = await lessonOf(task);
  return createParticipant({
    identity,
    taskId,
    task,
    regions,
    rootKey: rootKeyOf(first.offer),
    plan: await planDigest(task, digest),
    tensors: published,
    trainer,
    use,
    half: strategy.client,
    state,
    chain: createUpdateChain(cores.aggregate, plan),
    mask,
    aggregate: cores.aggregate,
    seedsOf: async (round) =>
      seed === undefined
        ? { train: random(32), encode: random(32) }
        : await roundSeeds(seed, { lesson, round }),
    turn,
    clock,
    random,
    digest,
    signal: options.signal,
  });
}

/** Enrols at the nearest region, or if that does not take anybody, at another one. */
async function enrolSomewhere(regions: Regions, signal: AbortSignal | undefined): Promise<void> {
  try {
    await regions.enrol("peer", signal);
  } catch (error) {
    const mayMove = regions.hasOthers && isRetryable(error);
    if (!mayMove || !await regions.move(signal ?? new AbortController().signal)) throw error;
  }
}

/** The trainer, and for a built-in model also what it is used for. */
function trainingOf(
  model: AnyModel,
  cores: ClientCores,
  { trainer, examples, state }: JoinOptions & { readonly state: DeviceState },
): { readonly trainer: Trainer; readonly use: ModelUse | undefined } {
  if (trainer !== undefined) return { trainer, use: undefined };
  return onDevice(model, { core: cores.train, examples, state });
}

/**
 * An aggregator: a root that owns tasks, or a region that sums for a parent.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import { systemClock, systemTurn } from "../src/core/clock.ts";
import { type Digest, webDigest } from "../src/core/digest.ts";
import { TributaryError } from "../src/core/errors.ts";
import { type Fetch, systemFetch } from "../src/core/fetch.ts";
import { type CheckOf, type Identity, webCheckOf } from "../src/core/identity.ts";
import { type RandomSource, systemRandom } from "../src/core/random.ts";
import { retry } from "../src/core/retry.ts";
import type { LogPage } from "../src/wire/log.ts";
import type { Status } from "../src/wire/status.ts";
import type { SignedTask, TaskOffer } from "../src/wire/task.ts";
import { createBudget } from "./upload/budget.ts";
import type { Perform } from "./task/duty.ts";
import type { PhaseHost } from "./relay/phase_host.ts";
import { createPhaseRelay } from "./relay/relay_region.ts";
import { createPhaseRoot, phasesOf } from "./relay/relay_root.ts";
import { checkStoreIdentity, readTaskDocument } from "./task/first_write.ts";
import { createInstance } from "./task/instance.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import { type Observer, watchingOf } from "./observer.ts";
import {
  followParent,
  type ParentOptions,
  regionDuties,
  storeParentTask,
} from "./region/region.ts";
import { type NewTask, rootDuties, storeTask, type StrategyOf } from "./root/root.ts";
import { createSlicePool } from "./upload/slice_pool.ts";
import type { RoundStore } from "./store.ts";
import { createSums, type SumsOf } from "./sum/sums.ts";
import { formOf } from "./task/task_form.ts";
import { createTaskLife, type TaskLife } from "./task/task_life.ts";
import { tracedFetch } from "./trace.ts";
import type { World } from "./world.ts";

/** What an aggregator is made of. */
export interface AggregatorOptions {
  /** Where everything is kept; the aggregator does not dispose of it. */
  readonly store: RoundStore;
  /** Who it is. The same store goes with the same identity. */
  readonly identity: Identity;
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  /** Makes a region of it: whom it sums for. */
  readonly parent?: ParentOptions;
  /** Makes a root of it: gives the strategy that a task asks for. */
  readonly strategy?: StrategyOf;
  /** How the parent is reached; the platform's `fetch` by default. */
  readonly fetch?: Fetch;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** The platform's by default. */
  readonly random?: RandomSource;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
  /** How signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /** Whoever watches it at work; nobody by default. */
  readonly observers?: readonly Observer[];
  /** Bounds that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<Limits>;
  /** Lets other work of the event loop go first; a timer of 0 ms by default. */
  readonly turn?: () => Promise<void>;
}

/** A task that an aggregator works on, for whoever runs it. */
export interface AggregatorTask {
  /** Digest of the task. */
  readonly id: string;
  /** The signed task, and who signs receipts here. */
  readonly offer: TaskOffer;
  /** Figures. */
  status(): Status;
  /** At most `limit` entries of the round log, from place `from` on. */
  log(from: number, limit: number): Promise<LogPage>;
}

/** A root or a region. */
export interface Aggregator extends AsyncDisposable {
  /** Id of its identity. */
  readonly id: string;
  /** The tasks that it works on, by digest. */
  readonly tasks: ReadonlyMap<string, AggregatorTask>;
  /** Whether {@link Aggregator.start} is through; until then unknown tasks may still come. */
  readonly isReady: boolean;
  /** Whether it holds no long polls any more: it is about to stop. */
  readonly isStopping: boolean;
  /**
   * Takes up what the store has, wherever it was left. A region without a task first asks its parent
   * for one, for as long as it takes.
   *
   * @throws {TributaryError} If the store cannot be read, or the parent's task be taken up.
   */
  start(): Promise<void>;
  /**
   * Root: begins a task, or goes on with it if the store has it.
   *
   * @throws {TributaryError} `task-refused` if this is no root, or the task does not fit.
   */
  own(task: NewTask): Promise<AggregatorTask>;
  /** Answers all long polls and holds none from now on: the first step of a graceful stop. */
  endPolls(): void;
  /**
   * Region: begins a graceful end, or takes it back. From then on nobody joins it, and it opens no
   * round. What the open round has taken in still goes to the parent; then it leaves that. Members find
   * it `draining` and go to another region. It stays so over a restart.
   *
   * @throws {TributaryError} `task-refused` at a root, whose work nobody else can do.
   */
  drain(isDraining?: boolean): Promise<void>;
  /** Resolves once a region that drains has left its parent: it may be stopped then. */
  drained(): Promise<void>;
}

/** An aggregator as its routes see it. */
export interface InnerAggregator extends Aggregator {
  /** Everything that it was given, defaults filled in. */
  readonly world: World;
  /** The lives of its tasks, by digest. */
  readonly tasks: ReadonlyMap<string, TaskLife>;
}

/**
 * An aggregator that does nothing before {@link Aggregator.start} or {@link Aggregator.own}.
 *
 * @param sums What adds parcels; this process by default, with a core of its own for each sum.
 */
export function createAggregator(
  options: AggregatorOptions,
  sums: SumsOf = createSums,
): InnerAggregator {
  const { parent, strategy } = options;
  if ((parent === undefined) === (strategy === undefined)) {
    throw new TypeError("Cannot make an aggregator: expected either a parent or a strategy");
  }
  const world = worldOf(options, sums);
  const lives = new Map<string, TaskLife>();
  const starting = new Map<string, Promise<TaskLife>>();
  const following: Promise<void>[] = [];
  const stopping = new AbortController();
  let isReady = false;
  let isStopping = false;

  function perform(life: TaskLife): Perform {
    return parent === undefined
      ? rootDuties(world, life, strategyOf())
      : regionDuties(world, life, parent);
  }

  function phases(life: TaskLife): PhaseHost | undefined {
    const { phases } = life.form.mask;
    if (phases === undefined) return undefined;
    return parent === undefined
      ? createPhaseRoot(world, life, phases)
      : createPhaseRelay(world, life, parent);
  }

  function strategyOf(): StrategyOf {
    if (strategy !== undefined) return strategy;
    throw new TributaryError(
      "task-refused",
      "Cannot own a task: this is a region, expected a root",
    );
  }

  /** Once for each task, however often it is asked for. */
  function takeUp(id: string): Promise<TaskLife> {
    const life = starting.get(id) ?? begin(id);
    starting.set(id, life);
    life.catch(() => starting.delete(id));
    return life;
  }

  async function begin(id: string): Promise<TaskLife> {
    stopping.signal.throwIfAborted();
    await world.instance.begin();
    const signed = await readTaskDocument(world.store, id);
    await checkStoreIdentity(world, signed);
    if (parent === undefined) await checkPhases(world, id, signed);
    const life = await createTaskLife(world, { id, signed, perform, phases });
    lives.set(id, life);
    if (parent !== undefined) following.push(follow(life, parent));
    return life;
  }

  async function follow(life: TaskLife, parent: ParentOptions): Promise<void> {
    try {
      await world.instance.whileLeading(
        (signal) => followParent(world, life, { parent, signal }),
        life.signal,
      );
    } catch (error) {
      if (!life.signal.aborted) world.logger({ kind: "failure", doing: "following", error });
    }
  }

  return {
    id: world.identity.id,
    world,
    tasks: lives,
    get isReady() {
      return isReady;
    },
    get isStopping() {
      return isStopping;
    },
    async start() {
      if (parent === undefined) {
        for (const id of await world.store.tasks()) await takeUp(id);
      } else {
        await takeUp(await parentTask(world, parent, stopping.signal));
      }
      isReady = true;
    },
    async own(task) {
      return await takeUp(await storeTask(world, task, strategyOf()));
    },
    endPolls() {
      isStopping = true;
      for (const life of lives.values()) life.endPolls();
    },
    async drain(isDraining = true) {
      if (parent === undefined) {
        throw new TributaryError(
          "task-refused",
          "Cannot drain: this is a root, whose work nobody else can do, expected a region",
        );
      }
      await Promise.all([...lives.values()].map((life) => life.drain(isDraining)));
    },
    async drained() {
      await Promise.all([...lives.values()].map(({ draining }) => draining.done));
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.allSettled(starting.values());
      await Promise.all([...lives.values()].map((life) => life[Symbol.asyncDispose]()));
      await Promise.all(following);
      await world.instance[Symbol.asyncDispose]();
      lives.clear();
    },
  };
}

/**
 * Checks that no other instance of this root keeps the phases of a task: they are in one's memory.
 *
 * @throws {TributaryError} `task-refused` if one does.
 */
async function checkPhases({ instance }: World, id: string, { task }: SignedTask): Promise<void> {
  if (formOf(task).mask.phases === undefined) return;
  if (await instance.hold(phasesOf(id))) return;
  throw new TributaryError(
    "task-refused",
    `Cannot take up "${task.name}": another instance of this root has it, ` +
      `expected one alone for a task that masks by ${task.mask.kind}`,
  );
}

/** Asks until the parent is there and has a task. */
async function parentTask(
  world: World,
  parent: ParentOptions,
  signal: AbortSignal,
): Promise<string> {
  const { clock, random, logger } = world;
  return await retry(() => storeParentTask(world, parent, signal), {
    clock,
    random,
    signal,
    attempts: Infinity,
    minMs: 200,
    maxMs: 5000,
    retryable(error) {
      const mayCome = error instanceof TributaryError && error.code === "task-unknown";
      if (mayCome) logger({ kind: "failure", doing: `joining ${parent.url}`, error });
      return mayCome;
    },
  });
}

function worldOf(options: AggregatorOptions, sums: SumsOf): World {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const watching = watchingOf(options);
  const clock = options.clock ?? systemClock();
  const random = options.random ?? systemRandom;
  return {
    ...watching,
    store: options.store,
    identity: options.identity,
    module: options.module,
    clock,
    random,
    digest: options.digest ?? webDigest,
    checkOf: options.checkOf ?? webCheckOf,
    fetch: tracedFetch(options.fetch ?? systemFetch, watching.trace),
    sums,
    turn: options.turn ?? systemTurn,
    limits,
    instance: createInstance({
      store: options.store,
      clock,
      random,
      limits,
      logger: watching.logger,
    }),
    pool: createSlicePool(limits.inFlightBytes),
    budget: createBudget({
      bytes: limits.inFlightBytes,
      waiting: limits.waitingUploads,
      retryAfterS: limits.retryAfterS,
    }),
  };
}

/**
 * A helper over HTTP: a Hono app for any platform that speaks `fetch`.
 *
 * @module
 */
import type { Hono } from "hono";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { type Digest, webDigest } from "../../src/core/digest.ts";
import { type CheckOf, type Identity, webCheckOf } from "../../src/core/identity.ts";
import { type RandomSource, systemRandom } from "../../src/core/random.ts";
import type { HelperKey } from "../../src/mask/helper_key.ts";
import { MAX_HELPER_KEYS } from "../../src/wire/helper_keys.ts";
import type { NonceLog } from "../../src/wire/nonce_log.ts";
import { createBudget } from "../upload/budget.ts";
import { createGuard } from "../http/guard.ts";
import type { Logger } from "../logger.ts";
import { type Observer, watchingOf } from "../observer.ts";
import { addressLimit, type AddressOf } from "../http/sender_address.ts";
import { createWebApp } from "../http/web_app.ts";
import { admitAnyTask, type AdmitTask } from "./admission.ts";
import { DEFAULT_HELPER_LIMITS, type HelperLimits } from "./limits.ts";
import { helperRoutes } from "./routes.ts";
import { createTaskBook } from "./served_task.ts";
import type { HelperStore } from "./store.ts";
import type { HelperWorld } from "./world.ts";

/** What a helper's app is made of. */
export interface HelperAppOptions {
  /** Where tasks and answers are kept; the app does not dispose of it. */
  readonly store: HelperStore;
  /**
   * Keys that shares may be sealed to. A task names one of them; new tasks should name the first. A key
   * is kept for as long as tasks that name it have rounds.
   */
  readonly keys: readonly HelperKey[];
  /** Who signs answers. The same store goes with the same identity. */
  readonly identity: Identity;
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** The platform's by default. */
  readonly random?: RandomSource;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
  /** How signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
  /** Where requests come from, for {@link HelperLimits.addressRate}; not known by default. */
  readonly addressOf?: AddressOf;
  /** Decides whose tasks are served; everyone's that name this helper, by default. */
  readonly admit?: AdmitTask;
  /** Which signed requests were seen before; nothing is kept by default. */
  readonly nonceLog?: NonceLog;
  /** Bounds that differ from {@link DEFAULT_HELPER_LIMITS}. */
  readonly limits?: Partial<HelperLimits>;
  /** Says nothing by default. */
  readonly logger?: Logger;
  /** Whoever watches it at work; nobody by default. */
  readonly observers?: readonly Observer[];
  /**
   * Answers of rounds further back than so many are dropped, once a later round of the task is answered;
   * all are kept by default. That they were given is kept in any case.
   */
  readonly keepRounds?: number;
}

/**
 * A helper as a Hono app. It holds no state but its store's and what it remembers against replay.
 *
 * @throws {RangeError} If it has no key, or too many.
 *
 * @example A helper in this process, asked for its keys
 * ```ts
 * import { generateIdentity } from "../../src/core/identity.ts";
 * import { generateHelperKey } from "../../src/mask/helper_key.ts";
 * import { inlineModule } from "../../src/wasm/inline.ts";
 * import { memoryHelperStore } from "../memory/mod.ts";
 * import { createHelperApp } from "./app.ts";
 *
 * const app = createHelperApp({
 *   store: memoryHelperStore(),
 *   keys: [await generateHelperKey()],
 *   identity: await generateIdentity(),
 *   module: await inlineModule("aggregate"),
 * });
 * const { keys } = await (await app.request("/v1/helper")).json();
 * if (keys.length !== 1) throw new Error("unexpected keys");
 * ```
 */
export function createHelperApp(options: HelperAppOptions): Hono {
  const { keys } = options;
  if (keys.length < 1 || keys.length > MAX_HELPER_KEYS) {
    throw new RangeError(
      `Cannot make a helper with ${keys.length} keys: expected 1 to ${MAX_HELPER_KEYS}`,
    );
  }
  const world = worldOf(options);
  const { clock, identity, limits, checkOf } = world;
  const guard = createGuard({
    ...limits,
    region: identity.id,
    clock,
    checkOf,
    nonceLog: options.nonceLog,
  });
  const routes = helperRoutes({
    world,
    guard,
    book: createTaskBook(world),
    admit: options.admit ?? admitAnyTask,
  });
  const observed = { world, tasks: new Map(), isReady: true };
  const watched = (options.observers ?? []).flatMap((one) => one.routes?.(observed) ?? []);
  return createWebApp([routes, ...watched], {
    ...world,
    async checkReady() {
      await world.store.tasks();
    },
    before: addressLimit(options.addressOf, world),
    title: "Tributary helper",
    description:
      "One of a committee that holds the shares of clients' keys, and gives a root the " +
      "sum of those of one set of clients, once. Requests of owners are signed with Ed25519 " +
      "(RFC 9421); errors are problem documents (RFC 9457).",
  });
}

function worldOf(options: HelperAppOptions): HelperWorld {
  const limits = { ...DEFAULT_HELPER_LIMITS, ...options.limits };
  return {
    ...watchingOf(options),
    store: options.store,
    keys: options.keys,
    identity: options.identity,
    module: options.module,
    clock: options.clock ?? systemClock(),
    random: options.random ?? systemRandom,
    digest: options.digest ?? webDigest,
    checkOf: options.checkOf ?? webCheckOf,
    limits,
    budget: createBudget({
      bytes: limits.inFlightBytes,
      waiting: limits.waitingAsks,
      retryAfterS: limits.retryAfterS,
    }),
    keepRounds: options.keepRounds,
  };
}

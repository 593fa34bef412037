/**
 * An aggregator over HTTP: a Hono app for any platform that speaks `fetch`.
 *
 * @module
 */
import type { Hono } from "hono";
import { TributaryError } from "../src/core/errors.ts";
import { type Admit, admitAll } from "./access/admission.ts";
import { type Aggregator, type AggregatorOptions, createAggregator } from "./aggregator.ts";
import type { NonceLog } from "../src/wire/nonce_log.ts";
import { createGuard } from "./http/guard.ts";
import { operatorRoutes } from "./http/operator_routes.ts";
import { logRoutes } from "./http/log_routes.ts";
import { notReady, readRoutes } from "./http/read_routes.ts";
import { limitTime } from "./http/request_deadline.ts";
import { addressLimit, type AddressOf } from "./http/sender_address.ts";
import { relayRoutes } from "./http/relay_routes.ts";
import { roundRoutes } from "./http/round_routes.ts";
import { createSums, type SumsOf } from "./sum/sums.ts";
import { updateRoutes } from "./http/update_routes.ts";
import { createWebApp } from "./http/web_app.ts";
import { writeRoutes } from "./http/write_routes.ts";

/** What an aggregator's app is made of. */
export interface AggregatorAppOptions extends AggregatorOptions {
  /** Decides who may become a member; everyone by default. */
  readonly admit?: Admit;
  /**
   * Ids of those who may see the roster, issue one-time tokens, revoke members and have it drain; the
   * aggregator's own identity always may.
   */
  readonly operators?: readonly string[];
  /** Where requests come from, for {@link Limits.addressRate}; not known by default. */
  readonly addressOf?: AddressOf;
  /** Which signed requests were seen before; nothing is kept by default. */
  readonly nonceLog?: NonceLog;
}

/** The app, and the life behind it. */
export interface AggregatorApp extends Hono {
  /** Start it before requests come, and dispose of it after the last one. */
  readonly aggregator: Aggregator;
}

/**
 * An aggregator as a Hono app.
 *
 * @example A root in this process, asked for its tasks
 * ```ts
 * import { generateIdentity } from "../src/core/identity.ts";
 * import { inlineModule } from "../src/wasm/inline.ts";
 * import { createAggregatorApp } from "./app.ts";
 * import { memoryStore } from "./memory/mod.ts";
 *
 * const app = createAggregatorApp({
 *   store: memoryStore(),
 *   identity: await generateIdentity(),
 *   module: await inlineModule("aggregate"),
 *   strategy: () => { throw new Error("no task yet"); },
 * });
 * await app.aggregator.start();
 * const { tasks } = await (await app.request("/v1/tasks")).json();
 * if (tasks.length !== 0) throw new Error("unexpected task");
 * ```
 */
export function createAggregatorApp(options: AggregatorAppOptions): AggregatorApp {
  return aggregatorApp(options, createSums);
}

/** The same, with what adds parcels: other objects than that of the round, for instance. */
export function aggregatorApp(options: AggregatorAppOptions, sums: SumsOf): AggregatorApp {
  const aggregator = createAggregator(options, sums);
  const { world } = aggregator;
  const { checkOf, clock, digest, identity, limits, logger, trace } = world;
  const guard = createGuard({
    ...limits,
    region: identity.id,
    clock,
    checkOf,
    nonceLog: options.nonceLog,
    claim: world.store.shared?.claim,
  });
  const checks = { guard, digest, clock, stallMs: limits.stallMs };
  const watched = (options.observers ?? []).flatMap((one) => one.routes?.(aggregator) ?? []);
  const app = createWebApp([
    readRoutes(aggregator),
    logRoutes(aggregator, world),
    roundRoutes(aggregator, checks),
    relayRoutes(aggregator, checks),
    operatorRoutes(aggregator, {
      ...checks,
      random: world.random,
      operators: new Set([identity.id, ...options.operators ?? []]),
      drain: (isDraining) => aggregator.drain(isDraining),
    }),
    writeRoutes(aggregator, { ...checks, admit: options.admit ?? admitAll }),
    updateRoutes(aggregator, { ...checks, logger, trace }),
    ...watched,
  ], {
    ...world,
    async checkReady() {
      if (!aggregator.isReady) throw notReady();
      if (aggregator.isStopping) throw stopping();
      await world.store.tasks();
    },
    before: [...addressLimit(options.addressOf, world), limitTime({ ...limits, clock })],
    title: "Tributary aggregator",
    description: "A root or region of a tree that sums updates. Requests that change something " +
      "are signed with Ed25519 (RFC 9421); errors are problem documents (RFC 9457).",
  });
  return Object.assign(app, { aggregator });
}

function stopping(): TributaryError {
  return new TributaryError("busy", "Cannot take anything new: this aggregator is stopping", {
    retryAfterS: 1,
  });
}

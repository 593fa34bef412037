/**
 * An aggregator as a server over a store, by whatever server the platform has.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Fetch } from "../../src/core/fetch.ts";
import type { Identity } from "../../src/core/identity.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { type Admit, admitAll, admitByAnyOf, admitByToken } from "../access/admission.ts";
import type { Aggregator } from "../aggregator.ts";
import { createAggregatorApp } from "../app.ts";
import type { Limits } from "../limits.ts";
import { silent } from "../logger.ts";
import type { Observer } from "../observer.ts";
import type { ParentOptions } from "../region/region.ts";
import type { StrategyOf } from "../root/root.ts";
import { type AddressOf, connectionAddress } from "../http/sender_address.ts";
import type { RoundStore } from "../store.ts";
import { nativeCheckOf, nativeDigest } from "./crypto.ts";
import { identityIn } from "./identity_file.ts";
import { type Listen, type ListenOptions, listenOver } from "./listener.ts";
import { openStore } from "./open_store.ts";

/** Where and as what to serve. */
export interface ServeOptions extends ListenOptions {
  /**
   * Where everything is kept: a store, closed with the server, or the address of one, as
   * {@link openStore} takes it.
   */
  readonly store: RoundStore | string;
  /** Who it is, or the path of its key; made if there is none. */
  readonly identity: Identity | string;
  /** Makes a region of it. */
  readonly parent?: ParentOptions;
  /** Makes a root of it. */
  readonly strategy?: StrategyOf;
  /** Token that members must show; anyone may join without one. */
  readonly joinToken?: string;
  /** Token that regions must show instead; without it, the same as all members. */
  readonly regionToken?: string;
  /** Decides who may become a member besides those with a token above. */
  readonly admit?: Admit;
  /** Ids of those who may see the roster, issue one-time tokens, revoke members and have it drain. */
  readonly operators?: readonly string[];
  /** Where requests come from, for limits; the address of the connection by default. */
  readonly addressOf?: AddressOf;
  /** Whoever watches it at work; nobody by default. */
  readonly observers?: readonly Observer[];
  /** Bounds that differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /** How a parent is reached; the platform's `fetch` by default. */
  readonly fetch?: Fetch;
}

/** A server that runs; disposing finishes what is under way, then closes the store. */
export interface ServedAggregator extends AsyncDisposable {
  /** Its address, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The life behind it. */
  readonly aggregator: Aggregator;
  /**
   * Settles once it has taken up what the store has; at a region without a task, once its parent has
   * given it one. Requests are answered before that.
   */
  readonly ready: Promise<void>;
}

/**
 * Serves an aggregator until it is disposed of.
 *
 * @throws {TributaryError} `store-failed` if the store cannot be opened.
 */
export async function serveOver(
  options: ServeOptions & { readonly listen: Listen },
): Promise<ServedAggregator> {
  const { parent, strategy, limits, observers } = options;
  const identity = await identityIn(options.identity);
  const module = await inlineModule("aggregate");
  const store = typeof options.store === "string" ? await openStore(options.store) : options.store;
  const logger = options.logger ?? silent;
  const app = createAggregatorApp({
    store,
    identity,
    module,
    logger,
    digest: nativeDigest,
    checkOf: nativeCheckOf,
    turn: () => new Promise((resolve) => setImmediate(() => resolve())),
    admit: admitOf(options),
    addressOf: options.addressOf ?? connectionAddress,
    ...(options.operators === undefined ? {} : { operators: options.operators }),
    ...(parent === undefined ? {} : { parent }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(observers === undefined ? {} : { observers }),
    ...(limits === undefined ? {} : { limits }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  const { aggregator } = app;
  const listener = await listenOver(store, app, options);
  const ready = aggregator.start();
  // Whoever wants to know awaits it; an unread failure must not end the process.
  ready.catch((error) => {
    if (!aggregator.isStopping) logger({ kind: "failure", doing: "starting", error });
  });
  return {
    url: listener.url,
    aggregator,
    ready,
    async [Symbol.asyncDispose]() {
      aggregator.endPolls();
      await listener.drain();
      await aggregator[Symbol.asyncDispose]();
      await listener.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

function admitOf({ joinToken, regionToken, admit }: ServeOptions): Admit {
  if (joinToken !== undefined) {
    const byToken = admitByToken(joinToken, regionToken);
    return admit === undefined ? byToken : admitByAnyOf(byToken, admit);
  }
  if (regionToken === undefined) return admit ?? admitAll;
  const admitRegion = admitByToken(regionToken);
  const admitClient = admit ?? admitAll;
  return (applicant) =>
    applicant.kind === "client" ? admitClient(applicant) : admitRegion(applicant);
}

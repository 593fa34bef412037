/**
 * The public keys of an issuer of tokens (a JWK set, RFC 7517), fetched when they are needed and kept
 * for a while.
 *
 * @module
 */
import * as v from "valibot";
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { exchange, readBody } from "../../src/wire/fetch.ts";
import { readJsonMessage } from "../../src/wire/message.ts";

/** Longest set, and longest answer of a discovery. */
const MOST_BYTES = 1 << 17;
/** Most keys of a set. */
const MOST_KEYS = 64;
/** A set is asked for again after this. */
const FRESH_MS = 600_000;
/** A set is used for so long while the issuer is away. */
const STALE_MS = 86_400_000;
/** Tokens of unknown keys do not have it asked for more often than this. */
const APART_MS = 10_000;
/** Time for one request. */
const TIMEOUT_MS = 10_000;

/** A public key as an issuer publishes it; whoever checks with it says what else it must have. */
export type PublishedKey = Readonly<Record<string, unknown>> & { readonly kid: string };

const keySchema = v.objectWithRest({ kid: v.optional(v.string()) }, v.unknown());
const setSchema = v.looseObject({ keys: v.pipe(v.array(keySchema), v.maxLength(MOST_KEYS)) });
const discoverySchema = v.looseObject({ issuer: v.string(), jwks_uri: v.string() });

/** Where keys are, and how they are fetched. */
export interface KeySetOptions {
  /** Who issues tokens; its address, as its tokens have it. */
  readonly issuer: string;
  /** Address of the set; that which OpenID discovery under the issuer's address names by default. */
  readonly url?: string | undefined;
  /** How requests travel. */
  readonly fetch: Fetch;
  /** Where the time comes from. */
  readonly clock: Clock;
}

/** The keys of an issuer. */
export interface KeySet {
  /**
   * Its keys; asked for again if `kid` is not among them, at most every ten seconds.
   *
   * @throws {TributaryError} `busy` if there are none and the issuer cannot be reached.
   */
  keysFor(kid: string): Promise<readonly PublishedKey[]>;
}

/** Keys of which none was fetched yet. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { clock } = options;
  let keys: readonly PublishedKey[] = [];
  let fetchedMs = -Infinity;
  let triedMs = -Infinity;
  let fetching: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    triedMs = clock.now();
    try {
      keys = await fetchKeys(options);
      fetchedMs = clock.now();
    } catch (cause) {
      if (clock.now() - fetchedMs <= STALE_MS) return;
      throw new TributaryError(
        "busy",
        `Cannot check a token: the keys of ${options.issuer} cannot be had at the moment`,
        { cause, retryAfterS: APART_MS / 1000 },
      );
    }
  }

  return {
    async keysFor(kid) {
      const nowMs = clock.now();
      const isKnown = keys.some((key) => key.kid === kid);
      const isFresh = nowMs - fetchedMs <= FRESH_MS;
      if ((!isKnown || !isFresh) && (nowMs - triedMs >= APART_MS || fetching !== undefined)) {
        // One request for all that wait.
        fetching ??= refresh().finally(() => fetching = undefined);
        await fetching;
      }
      if (clock.now() - fetchedMs <= STALE_MS) return keys;
      throw new TributaryError(
        "busy",
        `Cannot check a token: the keys of ${options.issuer} cannot be had at the moment`,
        { retryAfterS: APART_MS / 1000 },
      );
    },
  };
}

async function fetchKeys(options: KeySetOptions): Promise<readonly PublishedKey[]> {
  const url = options.url ?? await discover(options);
  const { keys } = await fetchJson(url, setSchema, options);
  return keys.flatMap((key) => key.kid === undefined ? [] : [{ ...key, kid: key.kid }]);
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(options: KeySetOptions): Promise<string> {
  const base = options.issuer.replace(/\/+$/, "");
  const url = `${base}/.well-known/openid-configuration`;
  const { issuer, jwks_uri } = await fetchJson(url, discoverySchema, options);
  if (issuer === options.issuer) return jwks_uri;
  throw new TributaryError(
    "peer-invalid",
    `Cannot use ${url}: it is of the issuer ${issuer}, expected ${options.issuer}`,
  );
}

async function fetchJson<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  { fetch, clock }: KeySetOptions,
): Promise<T> {
  const headers = { accept: "application/json" };
  return await exchange(
    // A redirect could lead to another's keys.
    (signal) => Promise.resolve(new Request(url, { headers, signal, redirect: "manual" })),
    async (response) => {
      const form = { what: `what ${url} answers`, code: "peer-invalid" } as const;
      return readJsonMessage(
        schema as v.GenericSchema<T>,
        await readBody(response, MOST_BYTES),
        form,
      );
    },
    { fetch, clock, timeoutMs: TIMEOUT_MS },
  );
}

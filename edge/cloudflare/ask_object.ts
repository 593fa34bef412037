/**
 * How a worker calls one of its objects: what the platform says went wrong becomes an answer that a
 * client knows what to do about.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { retry } from "../../src/core/retry.ts";

/** One object, as the platform lets a worker call it. */
export interface ObjectStub {
  /** Has the object answer a request. */
  fetch(request: Request): Promise<Response>;
}

/** Objects of one class. */
export interface ObjectNamespace {
  /** The id that goes with a name. */
  idFromName(name: string): unknown;
  /** Reaches the object of an id, which then is there. */
  get(id: unknown): ObjectStub;
}

/** Which object is called, and how. */
export interface ObjectCall {
  /** The objects of the class. */
  readonly objects: ObjectNamespace;
  /** Name of the object. */
  readonly name: string;
  /** Whether the request is tried again where it was lost. */
  readonly mayRepeat: boolean;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Where the jitter comes from. */
  readonly random: RandomSource;
}

/** Tries in which an object that is being moved is mostly there again. */
const TRIES = { attempts: 4, minMs: 50, maxMs: 400 };

/** Seconds after which one that was turned away may come again. */
const RETRY_AFTER_S = 1;

/**
 * Has an object answer a request, whose body passes through and is never held.
 *
 * What was lost on its way (`retryable`) is sent again if it may be. One with a signature may not: the
 * object may have seen its nonce, so that only the sender can send it again, signed anew. An object
 * with too much to do (`overloaded`) is left alone.
 *
 * @throws {TributaryError} `busy` for what its sender may send again in a second.
 */
export async function askObject(request: Request, call: ObjectCall): Promise<Response> {
  const { objects, name, mayRepeat, clock, random } = call;
  try {
    return await retry(
      // One that has failed may stay broken: each try has a stub of its own.
      () => objects.get(objects.idFromName(name)).fetch(mayRepeat ? request.clone() : request),
      {
        ...{ clock, random, ...TRIES, signal: request.signal },
        retryable: (error) => mayRepeat && isLost(error) && !isOverloaded(error),
      },
    );
  } catch (cause) {
    if (!isLost(cause) && !isOverloaded(cause)) throw cause;
    const found = isOverloaded(cause) ? "it has too much to do" : "it is being moved or restarted";
    throw new TributaryError("busy", `Cannot reach the object of this task: ${found}`, {
      cause,
      retryAfterS: RETRY_AFTER_S,
    });
  }
}

/** Whether the platform says that the same call may succeed. */
function isLost(error: unknown): boolean {
  return (error as { readonly retryable?: unknown } | null)?.retryable === true;
}

/** Whether the platform says that the object has more requests waiting than it can take. */
function isOverloaded(error: unknown): boolean {
  return (error as { readonly overloaded?: unknown } | null)?.overloaded === true;
}

/**
 * The body of an ask as it arrives: read piece by piece, from a sender that must keep on sending.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { whileArriving } from "../upload/arrival.ts";

/** When a sender is given up. */
export interface AskBodyOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest time that a MiB, or what is left of the body, may take to arrive. */
  readonly stallMs: number;
}

/** A body that is read; disposing drops what was not. */
export interface AskBody extends AsyncDisposable {
  /**
   * The next bytes.
   *
   * @throws {TributaryError} `body-too-short` if the body ends, breaks off or stalls before them.
   */
  read(bytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The next bytes in the chunks in which they come. It ends early where the body does. */
  take(bytes: number): AsyncIterable<Uint8Array>;
  /**
   * Makes sure that nothing follows.
   *
   * @throws {TributaryError} `body-too-long` if something does.
   */
  end(): Promise<void>;
}

/** Bytes that must arrive in one period of patience. */
const STRETCH_BYTES = 1 << 20;

/** A body of which nothing was read. */
export function openAskBody(
  body: ReadableStream<Uint8Array> | null,
  { clock, stallMs }: AskBodyOptions,
): AskBody {
  const reader = body?.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  let sinceMs = clock.now();
  let arrived = 0;
  let stalled = false;

  /** What is there; empty at the end. */
  async function next(): Promise<Uint8Array> {
    while (rest.length === 0) {
      const stop = () => {
        stalled = true;
        reader?.cancel().catch(() => {});
      };
      const left = Math.max(0, stallMs - (clock.now() - sinceMs));
      const { value } = await whileArriving(() => readOne(), { clock, stallMs: left, stop });
      if (value === undefined) break;
      arrived += value.length;
      if (arrived >= STRETCH_BYTES) [arrived, sinceMs] = [0, clock.now()];
      rest = value;
    }
    if (stalled) tooShort(`it was not there after ${stallMs} ms`);
    return rest;
  }

  async function readOne(): Promise<{ readonly value?: Uint8Array | undefined }> {
    try {
      return await reader?.read() ?? {};
    } catch (cause) {
      tooShort("it broke off", cause);
    }
  }

  async function* take(bytes: number): AsyncGenerator<Uint8Array> {
    [arrived, sinceMs] = [0, clock.now()];
    for (let left = bytes; left > 0;) {
      const chunk = (await next()).subarray(0, left);
      if (chunk.length === 0) return;
      rest = rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  return {
    take,
    async read(bytes) {
      const whole = new Uint8Array(bytes);
      let at = 0;
      for await (const chunk of take(bytes)) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      if (at < bytes) tooShort(`it ended, expected ${bytes - at} more bytes`);
      return whole;
    },
    async end() {
      if ((await next()).length === 0) return;
      throw new TributaryError(
        "body-too-long",
        "Cannot take an ask: it goes on after its last node",
      );
    },
    async [Symbol.asyncDispose]() {
      // A sender that is gone makes this fail, and has been reported already.
      await reader?.cancel().catch(() => {});
    },
  };
}

function tooShort(found: string, cause?: unknown): never {
  throw new TributaryError("body-too-short", `Cannot take an ask: ${found}`, { cause });
}

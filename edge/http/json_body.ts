/**
 * Small bodies of JSON, read under a limit and held against their signed digest.
 *
 * @module
 */
import type * as v from "valibot";
import { concatBytes } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { checkContentDigest } from "../../src/wire/content_digest.ts";
import { type MessageForm, readJsonMessage } from "../../src/wire/message.ts";
import { whileArriving } from "../upload/arrival.ts";

/** Longest body of JSON that a route takes unless it says otherwise: 64 KiB. */
export const MAX_JSON_BYTES: number = 1 << 16;

/** How bodies are read. */
export interface JsonBodyReading {
  /** SHA-256. */
  readonly digest: Digest;
  /** Tells when a sender has stalled. */
  readonly clock: Clock;
  /** Longest time that the body may take to arrive, in milliseconds. */
  readonly stallMs: number;
  /** Longest body; 64 KiB by default. */
  readonly mostBytes?: number;
}

/** What a body must be, and how it is read. */
export interface JsonBodyForm extends MessageForm, JsonBodyReading {}

/**
 * A checked message out of a request's body.
 *
 * @throws {TributaryError} `body-too-long` as soon as that is known, `body-too-short` if the body
 * breaks off or stalls, `digest-missing` and `digest-mismatch` as {@link checkContentDigest}, and the form's code
 * if it is not such a message.
 */
export async function readJsonBody<T>(
  request: Request,
  schema: v.GenericSchema<T>,
  form: JsonBodyForm,
): Promise<T> {
  return readJsonMessage(schema, await readSmallBody(request, form), form);
}

/**
 * A whole small body.
 *
 * @throws {TributaryError} `body-too-long` as soon as that is known, `body-too-short` if it breaks off or
 * stalls, `digest-missing` and `digest-mismatch` as {@link checkContentDigest}.
 */
export async function readSmallBody(
  request: Request,
  form: JsonBodyReading,
): Promise<Uint8Array> {
  const bytes = await readAll(request.body, form);
  await checkContentDigest(request.headers, bytes, form.digest);
  return bytes;
}

async function readAll(
  body: ReadableStream<Uint8Array> | null,
  { clock, stallMs, mostBytes = MAX_JSON_BYTES }: JsonBodyReading,
): Promise<Uint8Array> {
  const reader = body?.getReader();
  let stalled = false;
  const stop = () => {
    stalled = true;
    reader?.cancel().catch(() => {});
  };
  try {
    const bytes = await whileArriving(() => readParts(reader, mostBytes), { clock, stallMs, stop });
    if (!stalled) return bytes;
  } catch (cause) {
    reader?.cancel().catch(() => {});
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError("body-too-short", "Cannot take the body: it broke off", { cause });
  }
  throw new TributaryError(
    "body-too-short",
    `Cannot take the body: it was not there after ${stallMs} ms`,
  );
}

async function readParts(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  mostBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { value } = await reader?.read() ?? {};
    if (value === undefined) return concatBytes(parts);
    length += value.length;
    if (length > mostBytes) {
      throw new TributaryError(
        "body-too-long",
        `Cannot take the body: it has more than ${mostBytes} bytes`,
      );
    }
    parts.push(value);
  }
}

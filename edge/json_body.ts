/**
 * Small bodies of JSON, read under a limit and held against their signed digest.
 *
 * @module
 */
import type * as v from "valibot";
import { concatBytes } from "../src/core/bytes.ts";
import type { Digest } from "../src/core/digest.ts";
import { TributaryError } from "../src/core/errors.ts";
import { checkContentDigest } from "../src/wire/content_digest.ts";
import { type MessageForm, readJsonMessage } from "../src/wire/message.ts";

/** Longest body of JSON that any route takes: 64 KiB. */
const MAX_JSON_BYTES: number = 1 << 16;

/**
 * A checked message out of a request's body.
 *
 * @throws {TributaryError} `body-too-long` as soon as that is known, `body-too-short` if the body
 * breaks off, `digest-missing` and `digest-mismatch` as {@link checkContentDigest}, and the form's code
 * if it is not such a message.
 */
export async function readJsonBody<T>(
  request: Request,
  schema: v.GenericSchema<T>,
  form: MessageForm & { readonly digest: Digest },
): Promise<T> {
  const bytes = await readAll(request.body);
  await checkContentDigest(request.headers, bytes, form.digest);
  return readJsonMessage(schema, bytes, form);
}

async function readAll(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of body ?? []) {
      length += part.length;
      if (length > MAX_JSON_BYTES) {
        throw new TributaryError(
          "body-too-long",
          `Cannot take the body: it has more than ${MAX_JSON_BYTES} bytes`,
        );
      }
      parts.push(part);
    }
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause;
    throw new TributaryError("body-too-short", "Cannot take the body: it broke off", { cause });
  }
  return concatBytes(parts);
}

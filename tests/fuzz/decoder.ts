/**
 * What is fuzzed: something that reads bytes from outside.
 *
 * @module
 */
import type * as v from "valibot";
import { utf8 } from "../../src/core/bytes.ts";
import { canonicalBytes, parseJson } from "../../src/core/json.ts";
import { readJsonMessage } from "../../src/wire/message.ts";

/** Something that reads bytes from outside. */
export interface Decoder {
  /** What it reads; unique. */
  readonly name: string;
  /** Bytes that it accepts, from which every case starts. */
  readonly samples: readonly Uint8Array[];
  /** How cases are made of them. */
  readonly form: "bytes" | "text" | "json";
  /** Part of the cases that others get, for what takes long; 1 unless told. */
  readonly share?: number;
  /**
   * Reads bytes; what it gives is compared.
   *
   * @returns undefined where there is nothing to encode again.
   */
  decode(bytes: Uint8Array): Encoded | undefined | Promise<Encoded | undefined>;
}

/** What was read, encoded again, and what that should be. */
export interface Encoded {
  /** The encoding of what was read. */
  readonly again: Uint8Array;
  /** What it was read from. */
  readonly from: Uint8Array;
}

/** A decoder of bytes that have one form for each value; `read` encodes again what it has read. */
export function bytesDecoder(
  name: string,
  samples: readonly Uint8Array[],
  read: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Decoder {
  return {
    name,
    samples,
    form: "bytes",
    decode: async (from) => ({ from, again: await read(from) }),
  };
}

/** A decoder that has nothing to encode again, as much is read and little kept. */
export function readerOnly(
  { name, samples, form }: Omit<Decoder, "decode">,
  read: (bytes: Uint8Array) => unknown,
): Decoder {
  return {
    name,
    samples,
    form,
    async decode(bytes) {
      await read(bytes);
      return undefined;
    },
  };
}

/** A decoder of JSON, which keeps all that it accepts; compared in canonical form. */
export function jsonDecoder(
  name: string,
  samples: readonly unknown[],
  read: (bytes: Uint8Array) => unknown,
): Decoder {
  return {
    name,
    samples: samples.map((sample) => utf8(JSON.stringify(sample))),
    form: "json",
    async decode(bytes) {
      const again = canonicalBytes(await read(bytes));
      return { again, from: canonicalBytes(parseJson(new TextDecoder().decode(bytes))) };
    },
  };
}

/** A decoder of the JSON messages of a schema. */
export function messageDecoder<T>(
  name: string,
  schema: v.GenericSchema<T>,
  samples: readonly T[],
): Decoder {
  const form = { what: name, code: "bad-request" } as const;
  return jsonDecoder(name, samples, (bytes) => readJsonMessage(schema, bytes, form));
}

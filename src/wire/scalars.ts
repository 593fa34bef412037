/**
 * The few scalar forms that every message is made of, each with one spelling for one value.
 *
 * @module
 */
import * as v from "valibot";

/** Largest whole number that JSON carries safely. */
const SAFE = Number.MAX_SAFE_INTEGER;

/** A 32-byte SHA-256 as 64 lower-case hex digits. */
export const hexDigestSchema: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits"),
  v.description("SHA-256 as 64 lower-case hex digits"),
);

/** 32 bytes as canonical base64url: an identity's id or its raw public key. */
export const key32Schema: v.GenericSchema<string> = v.pipe(
  v.string(),
  // The last of 43 characters carries four bits only: its two spare ones are zero.
  v.regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "expected 32 bytes as base64url"),
  v.description("32 bytes as base64url without padding"),
);

/** A 64-byte Ed25519 signature as canonical base64url. */
export const signatureSchema: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "expected 64 bytes as base64url"),
  v.description("Ed25519 signature, 64 bytes as base64url without padding"),
);

/** A whole number in `[least, most]`. */
export function wholeSchema(
  least: number,
  most: number = SAFE,
  description = "",
): v.GenericSchema<number> {
  return v.pipe(
    v.number(),
    v.integer(),
    v.minValue(least),
    v.maxValue(most),
    v.description(description),
  );
}

/** A number that is neither NaN nor infinite, which JSON can smuggle in as 1e999. */
export const finiteSchema: v.GenericSchema<number> = v.pipe(
  v.number(),
  v.minValue(-Number.MAX_VALUE),
  v.maxValue(Number.MAX_VALUE),
);

/** A finite number above 0 and at most `most`. */
export function positiveSchema(most: number, description: string): v.GenericSchema<number> {
  return v.pipe(
    v.number(),
    v.gtValue(0),
    v.maxValue(most),
    v.description(description),
  );
}

/** Milliseconds since the Unix epoch, on the sender's clock. */
export const timeMsSchema: v.GenericSchema<number> = wholeSchema(
  0,
  8.64e15,
  "Milliseconds since the Unix epoch",
);

/** Number of a round: 1 for the first, one more for each attempt. */
export const roundNumberSchema: v.GenericSchema<number> = wholeSchema(
  1,
  SAFE,
  "Number of the round: the first is 1",
);

/** Most groups of a round: its root keeps a sum for each. */
export const MAX_GROUPS = 256;

/** Number of a group of a round. */
export const groupSchema: v.GenericSchema<number> = wholeSchema(
  0,
  MAX_GROUPS - 1,
  "Number of a group of the round, from 0",
);

/** Name of a metric, such as `hr@10`. */
export const metricNameSchema: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9@._-]{0,63}$/, "expected up to 64 of a-z 0-9 @ . _ -"),
  v.description("Name of a metric, such as hr@10"),
);

/** Means of metrics by name. */
export const metricMeansSchema: v.GenericSchema<Readonly<Record<string, number>>> = v.pipe(
  v.record(metricNameSchema, finiteSchema),
  v.maxEntries(64),
  v.description("Mean of each metric over the clients that evaluated"),
);

/**
 * Heads of logs that were seen, in a file: by the address that they came from.
 *
 * @module
 */
import * as v from "valibot";
import { type LogHead, logHeadSchema } from "../wire/log_head.ts";
import { readJsonMessage } from "../wire/message.ts";
import { writeFileWhole } from "./files.ts";

/** A head, and where it was seen. */
export interface SeenHead {
  /** Address of the aggregator. */
  readonly url: string;
  /** What it has signed. */
  readonly head: LogHead;
}

const schema: v.GenericSchema<{ readonly heads: readonly SeenHead[] }> = v.strictObject({
  heads: v.array(v.strictObject({ url: v.string(), head: logHeadSchema })),
});

/**
 * What a file has; nothing if there is no such file.
 *
 * @throws {TributaryError} `bad-data` if it is no file of heads.
 */
export async function readSeenHeads(path: string): Promise<readonly SeenHead[]> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return readJsonMessage(schema, bytes, { what: path, code: "bad-data" }).heads;
}

/** Writes what was seen in all. */
export async function writeSeenHeads(path: string, heads: readonly SeenHead[]): Promise<void> {
  await writeFileWhole(path, `${JSON.stringify({ heads }, null, 2)}\n`);
}

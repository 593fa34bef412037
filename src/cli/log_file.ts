/**
 * A round log outside of its aggregator: a JSON file with the task that it is of.
 *
 * @module
 */
import * as v from "valibot";
import { readJsonMessage } from "../wire/message.ts";
import { type SignedTask, signedTaskSchema } from "../wire/task.ts";

/** A log and the signed task, as `verify-log` takes them. */
export interface LogFile {
  /** The task, with its owner's key. */
  readonly signed: SignedTask;
  /** Public key of who keeps the log, base64url. */
  readonly signer: string;
  /** Entries from the first one on, unchecked. */
  readonly entries: readonly unknown[];
}

const schema: v.GenericSchema<LogFile> = v.strictObject({
  signed: signedTaskSchema,
  signer: v.string(),
  entries: v.array(v.unknown()),
});

/**
 * A log file out of its bytes; entries are left to `verifyLog`.
 *
 * @throws {TributaryError} `log-invalid` if it is no such file.
 */
export function readLogFile(bytes: Uint8Array): LogFile {
  return readJsonMessage(schema, bytes, { what: "a log file", code: "log-invalid" });
}

/**
 * What a device that may go from region to region keeps of a round before it sends anything: one that
 * was restarted must not send a second update of the same round elsewhere.
 *
 * @module
 */
import * as v from "valibot";
import { utf8 } from "../core/bytes.ts";
import type { DeviceState } from "../core/trainer.ts";
import { readJsonMessage } from "../wire/message.ts";
import { roundNumberSchema } from "../wire/scalars.ts";

/** A round that an update may have been sent for, and where. */
export interface SentNote {
  /** Number of the round. */
  readonly round: number;
  /** Address of the region. */
  readonly url: string;
}

const noteSchema: v.GenericSchema<SentNote> = v.strictObject({
  round: roundNumberSchema,
  url: v.string(),
});

function keyOf(task: string): string {
  return `sent/${task}`;
}

/** The newest note of a task; undefined if there is none. */
export async function readSentNote(
  state: DeviceState,
  task: string,
): Promise<SentNote | undefined> {
  const bytes = await state.get(keyOf(task));
  if (bytes === undefined) return undefined;
  return readJsonMessage(noteSchema, bytes, { what: "what this device kept", code: "bad-data" });
}

/** Keeps a note in place of the one before. */
export async function writeSentNote(
  state: DeviceState,
  { task, ...note }: SentNote & { readonly task: string },
): Promise<void> {
  await state.set(keyOf(task), utf8(JSON.stringify(note)));
}

/**
 * What tests of logs share: entries of {@link SAMPLE_TASK}'s log, signed by whom one likes.
 *
 * @module
 */
import type { Identity } from "../core/identity.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import { appendToLog, type LogEntry, type LogEvent } from "./log.ts";
import type { ModelInfo } from "./round_info.ts";
import { planDigest, sessionId } from "./session_id.ts";
import { taskId } from "./task.ts";

/** Digest of the task. */
export const SAMPLE_ID: string = await taskId(SAMPLE_TASK);

/** Its first model. */
export const START: ModelInfo = { version: 0, digest: hex32(0x80), bytes: 100 };

/** A round that ended without a model; `beacon` tells one from another of the same number. */
export async function abandoned(round: number, beacon: string = hex32(round)): Promise<LogEvent> {
  const plan = await planDigest(SAMPLE_TASK);
  const session = { task: SAMPLE_ID, round, plan, model: START.digest, roster: hex32(1), beacon };
  return {
    kind: "abandoned",
    ...{ round, sid: await sessionId(session), roster: hex32(1), beacon, base: START },
    ...{ sample: { threshold: 1, asked: 5, enough: 100 }, abstained: 0, updates: 1, clients: 1 },
    reason: "too-few-clients",
  };
}

/** Entries after `first`, by `identity` until another one comes between the events. */
export async function chainOf(
  events: readonly (LogEvent | { readonly by: Identity })[],
  { identity, first = [] }: {
    readonly identity: Identity;
    readonly first?: readonly LogEntry[];
  },
): Promise<LogEntry[]> {
  const entries = [...first];
  let signer = identity;
  for (const event of events) {
    if ("by" in event) {
      signer = event.by;
      continue;
    }
    const last = entries.at(-1);
    entries.push(
      await appendToLog(event, { last, task: SAMPLE_ID, atMs: 5, identity: signer }),
    );
  }
  return entries;
}

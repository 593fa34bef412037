/**
 * A whole round log from an aggregator.
 *
 * @module
 */
import { readEntries } from "../wire/log_peer.ts";
import type { Peer } from "../wire/peer.ts";
import type { LogFile } from "./log_file.ts";

/** All entries of a task's log, and the signed task; unchecked, but for the task. */
export async function fetchLog(peer: Peer, task: string): Promise<LogFile> {
  const { region, ...signed } = await peer.task(task);
  return { signed, signer: region.publicKey, entries: await readEntries(peer, task) };
}

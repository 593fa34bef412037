/**
 * Choosing a task where there is no choice.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { CallOptions, Peer } from "./peer.ts";

/**
 * Digest of the one task that an aggregator has.
 *
 * @throws {TributaryError} `task-unknown` if it has none or several; the sentence lists them.
 */
export async function onlyTask(peer: Peer, options: CallOptions = {}): Promise<string> {
  const { tasks } = await peer.tasks(options);
  const [only, ...others] = tasks;
  if (only !== undefined && others.length === 0) return only.task;
  const found = tasks.map(({ name, task }) => `${name} (${task})`).join(", ") || "none";
  throw new TributaryError(
    "task-unknown",
    `Cannot choose a task: ${peer.url} has ${found}, expected one, or a digest to choose by`,
  );
}

/**
 * What the commands of an operator have in common: whose key signs, and which task it is about.
 *
 * @module
 */
import { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { systemFetch } from "../core/fetch.ts";
import { systemRandom } from "../core/random.ts";
import { createOperatorPeer, type OperatorPeer } from "../wire/operator_peer.ts";
import { onlyTask } from "../wire/only_task.ts";
import type { Party } from "../wire/party.ts";
import { createPeer } from "../wire/peer.ts";
import { httpUrl } from "./arguments.ts";
import { openIdentity } from "./key_file.ts";

/** Flags of these commands. */
export interface OperatorFlags {
  /** Key file. */
  readonly operator: string;
  /** Digest of the task, where there are several. */
  readonly task?: string;
}

/** A command of an operator; its first argument is the aggregator's address. */
export function operatorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<url>", "address of the aggregator", httpUrl)
    .option("--operator <file>", "key of the aggregator, or of an operator of it", "region.key")
    .option("--task <digest>", "which task, where it has several");
}

/** An aggregator at an operator's hand. */
export interface Operated {
  /** Speaks to it. */
  readonly peer: OperatorPeer;
  /** Digest of the task. */
  readonly task: string;
  /** Who it is. */
  readonly region: Party;
}

/** Few tries: somebody waits for the answer. */
const RETRY = { attempts: 3, minMs: 200, maxMs: 1000 };

/** Finds out who an aggregator is. */
export async function operate(url: string, flags: OperatorFlags): Promise<Operated> {
  const identity = await openIdentity(flags.operator);
  const options = {
    ...{ url, fetch: systemFetch, identity },
    ...{ clock: systemClock(), random: systemRandom, retry: RETRY },
  };
  const anyone = createPeer(options);
  const task = flags.task ?? await onlyTask(anyone);
  const { region } = await anyone.task(task);
  return { peer: createOperatorPeer(options), task, region };
}

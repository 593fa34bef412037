/**
 * Clients of a tree, from joining to the end of the task.
 *
 * @module
 */
import { type ClientCores, inlineCores } from "../src/client/cores.ts";
import type { JoinOptions, Training } from "../src/client/join_options.ts";
import { join } from "../src/client/join.ts";
import type { Participant } from "../src/client/participant.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import { nativeDigest } from "../edge/deno/mod.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { deriveSeed } from "../src/core/random.ts";
import type { Examples } from "../src/models/model.ts";
import type { Node, Tree } from "./tree.ts";

/** A client at a region. */
export interface ClientOptions extends Partial<Omit<JoinOptions, "examples" | "trainer">> {
  /** Decides everything that it draws; without one it draws fresh randomness. */
  readonly number: number | undefined;
  /** Where it joins. */
  readonly at: Node;
  /** What it learns from. */
  readonly training: Training;
}

/** Joins a tree. */
export async function joinTree(tree: Tree, options: ClientOptions): Promise<Participant> {
  const { number, at, training, ...given } = options;
  return await join(at.url, {
    identity: await generateIdentity(),
    ...(number === undefined ? {} : { seed: await clientSeed(number) }),
    fetch: tree.fetch,
    clock: tree.clock,
    digest: nativeDigest,
    ...given,
    ...training,
  });
}

/** Seed of a client by its number. */
export async function clientSeed(number: number): Promise<Uint8Array> {
  return await deriveSeed(new Uint8Array(32), "client", number);
}

/** How the clients of a whole run differ from run to run. */
export interface FleetOptions {
  /** What each client has. */
  readonly people: readonly Examples[];
  /** Who is first to join, and to send in each round; everybody at once by default. */
  readonly order?: readonly number[];
}

/** Has all people take part until the task is finished; reports by person. */
export async function runFleet(tree: Tree, options: FleetOptions): Promise<RoundReport[][]> {
  const { people, order } = options;
  using stack = new DisposableStack();
  const cores: ClientCores = await inlineCores();
  stack.use(cores.aggregate);
  stack.use(cores.train);
  const line = order === undefined ? undefined : createLine(order);
  const reports: RoundReport[][] = people.map(() => []);
  const clients: Participant[] = [];
  for (const number of order ?? people.keys()) {
    const at = tree.leaves[number % tree.leaves.length];
    const examples = people[number];
    if (at === undefined || examples === undefined) throw new RangeError(`no client ${number}`);
    clients[number] = await joinTree(tree, {
      ...{ number, at, cores, training: { examples } },
      ...(line === undefined ? {} : { turn: line(number) }),
    });
  }
  await Promise.all(clients.map(async (client, number) => {
    for await (const report of client.rounds()) reports[number]?.push(report);
    await client[Symbol.asyncDispose]();
  }));
  return reports;
}

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Turns in which each client follows the one before it in `order`, round by round. */
function createLine(order: readonly number[]): (number: number) => Turn {
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const endOf = (number: number | undefined, round: number) => {
    const key = `${number} ${round}`;
    const end = ends.get(key) ?? Promise.withResolvers<void>();
    ends.set(key, end);
    return end;
  };
  return (number) => {
    const before = order[order.indexOf(number) - 1];
    let round = 0;
    return async (work) => {
      const now = round++;
      if (before !== undefined) await endOf(before, now).promise;
      try {
        return await work();
      } finally {
        endOf(number, now).resolve();
      }
    };
  };
}

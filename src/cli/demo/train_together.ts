/**
 * The part of the demo that is a federation: a tree, a fleet of clients, and the rounds they take
 * part in, until the task is finished.
 *
 * @module
 */
import type { Clock } from "../../core/clock.ts";
import { nativeDigest, type ServedAggregator } from "../../../edge/deno/mod.ts";
import { type Fetch, systemFetch } from "../../core/fetch.ts";
import { generateIdentity } from "../../core/identity.ts";
import { deriveSeed, systemRandom } from "../../core/random.ts";
import type { NamedTensors } from "../../core/tensor.ts";
import type { PersonExamples } from "../../models/model.ts";
import type { TrainCore } from "../../wasm/train.ts";
import { createPeer } from "../../wire/peer.ts";
import type { ModelInfo } from "../../wire/round_info.ts";
import { planDigest } from "../../wire/session_id.ts";
import type { Task } from "../../wire/task.ts";
import { fetchLog } from "../fetch_log.ts";
import type { LogFile } from "../log_file.ts";
import { createProgress } from "../progress.ts";
import type { RoundFigures, TreeNode } from "../run_record.ts";
import type { Terminal } from "../terminal.ts";
import { startFleet } from "./fleet.ts";
import type { RunState } from "./state.ts";
import { createTally } from "./tally.ts";
import { ROOT_NAME, startTree, type Tree } from "./tree.ts";
import { watchTask } from "./watch.ts";

/** One client of the federation. */
export interface ClientPlan {
  /** Original id of the person. */
  readonly person: string;
  /** Name of its key in the state. */
  readonly key: string;
  /** Which region it joins. */
  readonly region: number;
  /** What only it has. */
  readonly examples: PersonExamples;
}

/** What is trained, by whom, and where. */
export interface Federation {
  /** Stores, keys and the figures so far. */
  readonly state: RunState;
  /** The task. */
  readonly task: Task;
  /** Digest of the task. */
  readonly id: string;
  /** The model before the first round. */
  readonly initial: NamedTensors;
  /** Kernels of the root's steps. */
  readonly core: TrainCore;
  /** Names of the regions. */
  readonly regions: readonly string[];
  /** How the root reaches helpers. */
  readonly fetch: Fetch;
  /** Everybody who takes part. */
  readonly clients: readonly ClientPlan[];
  /** Everything that is drawn comes from it. */
  readonly seed: Uint8Array;
  /** Where it is shown. */
  readonly terminal: Terminal;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Ends it; the state stays. */
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Trained {
  /** The final model's safetensors bytes. */
  readonly model: Uint8Array;
  /** Its version, digest and length. */
  readonly info: ModelInfo;
  /** Figures of all rounds, those of earlier starts among them. */
  readonly rounds: readonly RoundFigures[];
  /** Root, then regions. */
  readonly tree: readonly TreeNode[];
  /** The root's log. */
  readonly log: LogFile;
}

/** Devices that work at a time: enough to keep both cores busy while others wait for the network. */
const AT_ONCE = 8;

/** Trains until the task is finished. */
export async function trainTogether(federation: Federation): Promise<Trained> {
  const { state, task, id, terminal, clock, signal } = federation;
  const ended = new AbortController();
  await using tree = await startTree({
    ...federation,
    model: federation.initial,
    onFailure: (error) => ended.abort(error),
  });
  signal.throwIfAborted();
  const total = federation.clients.length;
  using progress = createProgress({
    rounds: task.stop.rounds,
    live: terminal.live,
    print: terminal.print,
    stream: terminal.stream,
    now: () => clock.now(),
  });
  const tally = createTally(state.rounds, { progress, clock, clients: total });
  const root = createPeer({
    url: tree.root.url,
    fetch: systemFetch,
    identity: await generateIdentity(),
    clock,
    random: systemRandom,
    digest: nativeDigest,
  });
  terminal.print(
    `root at ${tree.root.url}, regions at ${tree.regions.map(({ url }) => url).join(", ")}`,
  );
  terminal.print(`watch it at ${tree.root.url}/dashboard`);
  await using fleet = startFleet({
    task: id,
    token: state.token,
    seed: await deriveSeed(federation.seed, "fleet"),
    stateFile: state.path("devices.db"),
    atOnce: AT_ONCE,
    clients: federation.clients.map(({ person, key, region, examples }) => ({
      person,
      examples,
      region: tree.regions[region]?.url ?? "",
      pkcs8: state.keys.get(key) ?? new Uint8Array(),
    })),
  }, tally.listen);
  // A client that fails for good ends the watch: its round would wait for it in vain.
  fleet.done.catch((error) => ended.abort(error));
  const finish = await watchTask({
    peer: root,
    task: id,
    plan: await planDigest(task),
    signal: AbortSignal.any([signal, ended.signal]),
  }, {
    opened: ({ round }) => tally.open(round),
    async closed(event) {
      tally.close(event);
      await state.saveRounds(tally.rounds());
    },
  });
  const model = await root.model(id, finish.model, { signal });
  await fleet.done;
  return {
    model,
    info: finish.model,
    rounds: tally.rounds(),
    tree: treeNodes(tree, federation),
    log: await fetchLog(root, id),
  };
}

function treeNodes(tree: Tree, { regions, clients }: Federation): TreeNode[] {
  const node = (name: string, server: ServedAggregator, count: number): TreeNode => ({
    name,
    url: server.url,
    id: server.aggregator.id,
    clients: count,
  });
  return [
    node(ROOT_NAME, tree.root, 0),
    ...tree.regions.map((server, at) =>
      node(regions[at] ?? "", server, clients.filter(({ region }) => region === at).length)
    ),
  ];
}

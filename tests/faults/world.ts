/**
 * A whole tree in one process, in virtual time, over the live code: a root, regions, helpers and
 * clients on machines that fail as a seed says.
 *
 * @module
 */
import { createAggregatorApp } from "../../edge/app.ts";
import { nativeCheckOf, nativeDigest } from "../../edge/deno/mod.ts";
import { createHelperApp } from "../../edge/helper/mod.ts";
import { memoryHelperStore } from "../../edge/memory/mod.ts";
import type { Logger } from "../../edge/logger.ts";
import type { RoundStore } from "../../edge/store.ts";
import type { HelperStore } from "../../edge/helper/store.ts";
import type { ClientCores } from "../../src/client/cores.ts";
import { fromHex, toBase64Url } from "../../src/core/bytes.ts";
import type { Identity } from "../../src/core/identity.ts";
import { deriveSeed, seededRng, seededSource } from "../../src/core/random.ts";
import { importHelperKey } from "../../src/mask/helper_key.ts";
import { modelFrom } from "../../src/models/registry.ts";
import { tensors } from "../../src/models/tensors.ts";
import { strategyFrom } from "../../src/strategy/registry.ts";
import { defineTask, type TaskDefinition } from "../../src/task/define_task.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import type { HelperInfo } from "../../src/wire/mask_plan.ts";
import { signTask, type Task, taskId, updatePlan } from "../../src/wire/task.ts";
import { watchLog } from "./auditor.ts";
import { count, type Tally } from "./coverage.ts";
import { type Device, type DeviceWorld, runDevice } from "./devices.ts";
import { createDisk, type Disk, HELPER_STORE_EFFECTS, reachedBy, STORE_EFFECTS } from "./disk.ts";
import { createDice, type Dice } from "./faults.ts";
import { instantCrypto, instantIdentity, pkcs8Of } from "./instant_crypto.ts";
import { judge } from "./judge.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import {
  createMachine,
  type Effect,
  type Life,
  type Machine,
  type Role,
  type Running,
} from "./machine.ts";
import { createNetwork, type Network } from "./network.ts";
import { planWorld, type WorldPlan, worldSeed } from "./plan.ts";
import { createScheduler, type RunEnd, type Scheduler } from "./scheduler.ts";
import type { Violation } from "./violation.ts";

/** A rule that is broken on purpose, by something that stands between a process and its world. */
export interface Mischief {
  /** Changes what the seed has drawn, so that the rule matters. */
  readonly plan?: (plan: WorldPlan) => WorldPlan;
  /** Stands before an aggregator's disk. */
  readonly disk?: (disk: Disk, at: MischiefPlace) => Disk;
  /** Stands before a helper's disk. */
  readonly helperDisk?: (store: HelperStore) => HelperStore;
  /** Stands before an aggregator's app. */
  readonly app?: (
    answer: NonNullable<Running["answer"]>,
    at: MischiefPlace,
  ) => NonNullable<Running["answer"]>;
}

/** Where a rule is broken. */
export interface MischiefPlace {
  readonly role: Role;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
}

/** What threads make once and all their worlds share. */
export interface Workshop {
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  readonly cores: ClientCores;
}

/** How a world is run. */
export interface WorldOptions {
  readonly workshop: Workshop;
  /** Takes the lines of the trace. */
  readonly trace?: (line: string) => void;
  /** A rule that is broken on purpose. */
  readonly mischief?: Mischief;
}

/** How a world went. */
export interface WorldOutcome {
  readonly plan: WorldPlan;
  /** Hash of the trace. */
  readonly hash: string;
  /** Events that happened. */
  readonly events: number;
  /** Virtual time that went by. */
  readonly virtualMs: number;
  readonly violations: readonly Violation[];
  readonly tally: Tally;
}

/** How long a world may take once nothing goes wrong any more. */
const PATIENCE_MS = 20 * 60_000;
const MOST_EVENTS = 300_000;

/** The world of a seed, from its beginning to its end. */
export async function runWorld(seed: number, options: WorldOptions): Promise<WorldOutcome> {
  const drawn = await planWorld(seed);
  const plan = options.mischief?.plan?.(drawn) ?? drawn;
  const bytes = await worldSeed(seed);
  const rng = seededRng(await deriveSeed(bytes, "events"));
  const failed: unknown[] = [];
  const hear = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    failed.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", hear);
  const crypto = instantCrypto(await deriveSeed(bytes, "platform"));
  const scheduler = createScheduler({ settle: crypto.settle, trace: options.trace });
  const dice = createDice(rng, { mix: plan.mix, isOver: () => scheduler.nowMs >= plan.healMs });
  const ledger = createLedger();
  let built: BuiltWorld;
  let end: RunEnd;
  try {
    const building = build({ plan, bytes, scheduler, dice, ledger, options });
    built = await settled(building, crypto.settle);
    disturb(built, { plan, scheduler, dice });
    for (const { name, start } of built.machines) {
      scheduler.after(dice.between(0, 500), { line: `${name} starts`, act: start });
    }
    end = await scheduler.run(
      () => built.isOver(),
      { untilMs: plan.healMs + PATIENCE_MS, events: MOST_EVENTS },
    );
  } finally {
    crypto[Symbol.dispose]();
    globalThis.removeEventListener("unhandledrejection", hear);
  }
  const hash = scheduler.hash();
  if (end !== "over") {
    const phases = built.machines.map(({ name, phase }) => `${name} ${phase}`).join(", ");
    ledger.blame("stuck", `${end} after ${scheduler.events} events: ${phases}`);
  }
  for (const error of failed) ledger.blame("defect", `nobody met a failure: ${error}`);
  await built.judge();
  count(dice.tally, `mask ${plan.mask}`);
  const { events, nowMs: virtualMs } = scheduler;
  return { plan, hash, events, virtualMs, violations: ledger.violations, tally: dice.tally };
}

/** Waits for what needs nothing but the platform. */
async function settled<T>(work: Promise<T>, settle: () => Promise<void>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => isDone = true);
  done.catch(() => {});
  while (!isDone) await settle();
  return await done;
}

interface Building {
  readonly plan: WorldPlan;
  readonly bytes: Uint8Array;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly ledger: Ledger;
  readonly options: WorldOptions;
}

interface BuiltWorld {
  readonly machines: readonly Machine[];
  /** Whether the task is over for everybody. */
  isOver(): boolean;
  judge(): Promise<void>;
}

/** An aggregator of the tree, and its machine. */
interface Place {
  readonly name: string;
  readonly identity: Identity;
  readonly parent: Place | undefined;
  readonly disk: Disk;
  readonly machine: Machine;
}

async function build(building: Building): Promise<BuiltWorld> {
  const { plan, bytes, scheduler, dice, ledger, options } = building;
  const { workshop: { module, cores }, mischief = {} } = options;
  const hosts = new Map<string, readonly Machine[]>();
  const names = new Map<string, string>();
  const secretOf = (...labels: (string | number)[]) => deriveSeed(bytes, ...labels);
  const identityOf = async (name: string): Promise<Identity> => {
    const identity = instantIdentity(await secretOf("identity", name));
    names.set(identity.id, name);
    return identity;
  };
  const network: Network = createNetwork({
    ...{ scheduler, dice, witness: ledger, hosts },
    nameOf: ({ host, pathname }) =>
      host.replace(".test", "") +
      pathname.split("/").map((part) => names.get(part) ?? part).join("/")
        .replace(/^\/v1(\/tasks\/[0-9a-f]{64})?/, ""),
  });

  async function machineOf(
    name: string,
    role: Role,
    rest: { run(life: Life): Running; lose?(): void },
  ): Promise<Machine> {
    const seed = await secretOf("random", name);
    const isMortal = (kind: Effect) =>
      plan.mortal.includes(role) || plan.mortal.includes(`${role} ${kind}`);
    const machine = createMachine({
      ...{ name, role, scheduler, dice, ...rest, isMortal },
      randomOf(life) {
        return seededSource(Uint8Array.of(...seed, life & 255, life >> 8));
      },
    });
    machine.skewMs = dice.between(-500, 500);
    return machine;
  }

  const rootIdentity = await identityOf("root");
  const committee: { info: HelperInfo; machine: Machine }[] = [];
  for (let at = 0; at < plan.helpers; at++) {
    const name = `helper-${at + 1}`;
    const identity = await identityOf(name);
    const key = await importHelperKey(pkcs8Of("X25519", await secretOf("key", name)));
    const kept = memoryHelperStore();
    const disk = mischief.helperDisk?.(kept) ?? kept;
    const machine: Machine = await machineOf(name, "helper", {
      run(life) {
        const { clock, random } = life;
        const app = createHelperApp({
          store: reachedBy<HelperStore>(life, disk, HELPER_STORE_EFFECTS),
          ...{ keys: [key], identity, module, clock, random, digest: nativeDigest },
          ...{ checkOf: nativeCheckOf, logger: (line) => ledger.said(name, line) },
        });
        machine.phase = "serving";
        return {
          answer: async (request) => await app.fetch(request),
          ready: Promise.resolve(),
          stop: () => Promise.resolve(),
        };
      },
    });
    hosts.set(`${name}.test`, [machine]);
    committee.push({
      machine,
      info: {
        url: `http://${name}.test`,
        key: toBase64Url(key.publicKey),
        identity: toBase64Url(identity.publicKey),
      },
    });
  }
  const task = taskOf(plan, committee.map(({ info }) => info));
  const id = await taskId(task);
  const signed = await signTask(task, rootIdentity);
  const initial = modelFrom(task.model, task.train).initial(fromHex(task.seed));

  async function placeOf(name: string, parent: Place | undefined): Promise<Place> {
    const role = parent === undefined ? "root" : "region";
    const identity = parent === undefined ? rootIdentity : await identityOf(name);
    const written: Parameters<typeof createDisk>[0]["written"] = (_, change) =>
      ledger.written({ name, id: identity.id }, change);
    const kept = createDisk({ dice, written });
    const disk = mischief.disk?.(kept, { role, scheduler, dice }) ?? kept;
    const machine: Machine = await machineOf(name, role, {
      lose: () => disk.lose(),
      run(life) {
        const { clock, random, turn } = life;
        const logger: Logger = (line) => {
          ledger.said(name, line);
          if (line.kind === "failure") scheduler.note(`${name} ${line.doing}: ${line.error}`);
          if (line.kind === "round" && life.isAlive) machine.phase = line.phase;
        };
        const app = createAggregatorApp({
          ...{ identity, module, clock, random, turn, logger, digest: nativeDigest },
          ...{ checkOf: nativeCheckOf, fetch: network.fetchOf(life) },
          store: reachedBy<RoundStore>(life, disk, STORE_EFFECTS),
          ...(parent === undefined
            ? { strategy: (task: Task) => strategyFrom(task.strategy, cores.train) }
            : { parent: { url: urlOf(parent.name) } }),
          ...(plan.isStaged && { limits: { heldBytes: 1 } }),
        });
        const { aggregator } = app;
        const begin = async () => {
          await aggregator.start();
          if (parent === undefined) await aggregator.own({ signed, model: initial });
        };
        const answer = async (request: Request) => await app.fetch(request);
        return {
          answer: mischief.app?.(answer, { role, scheduler, dice }) ?? answer,
          ready: begin(),
          async stop() {
            aggregator.endPolls();
            await aggregator[Symbol.asyncDispose]();
          },
        };
      },
    });
    hosts.set(`${name}.test`, [machine]);
    names.set(identity.id, name);
    return { name, identity, parent, disk, machine };
  }

  const root = await placeOf("root", undefined);
  const places = [root];
  let leaves: Place[] = [root];
  for (const [level, width] of plan.shape.entries()) {
    const parents = leaves;
    leaves = [];
    for (const parent of parents) {
      for (let at = 0; at < width; at++) {
        leaves.push(await placeOf(`region-${level}-${leaves.length}`, parent));
      }
    }
    places.push(...leaves);
  }

  const chain = createUpdateChain(cores.aggregate, updatePlan(task));
  const devices: Device[] = [];
  const deviceWorld: DeviceWorld = { task, ledger, cores, chain, fetchOf: network.fetchOf };
  const clients: Machine[] = [];
  for (let at = 0; at < plan.clients; at++) {
    const name = `client-${at}`;
    const leaf = leaves[at % leaves.length] ?? root;
    const device: Device = {
      identity: await identityOf(name),
      seed: await secretOf("client", at),
      url: urlOf(leaf.name),
      isDone: false,
    };
    devices.push(device);
    clients.push(
      await machineOf(name, "client", { run: (life) => runDevice(deviceWorld, device, life) }),
    );
  }
  const seen: string[] = [];
  const auditor = await machineOf("auditor", "client", {
    run: (life) =>
      watchLog(life, { url: urlOf("root"), task: id, ledger, seen, fetch: network.fetchOf(life) }),
  });

  return {
    machines: [
      ...places.map(({ machine }) => machine),
      ...committee.map(({ machine }) => machine),
      ...clients,
      auditor,
    ],
    isOver: () =>
      devices.every(({ isDone }) => isDone) &&
      places.every(({ machine }) => machine.phase === "finished"),
    async judge() {
      for (const { disk } of places) await disk.rest();
      const logs = await Promise.all(places.map(({ disk }) => disk.log(id, 0, 10_000)));
      await judge({
        ...{ task, ledger, initial, chain, strategy: strategyFrom(task.strategy, cores.train) },
        aggregators: places.map(({ name, identity, parent }, at) => ({
          name,
          id: identity.id,
          publicKey: toBase64Url(identity.publicKey),
          parent: parent?.identity.id,
          log: (logs[at] ?? []).map(({ entry }) => entry as unknown as LogEntry),
        })),
      });
    },
  };
}

function urlOf(name: string): string {
  return `http://${name}.test`;
}

/** What the world learns: a handful of numbers, as it is not the learning that is tried. */
function taskOf(plan: WorldPlan, helpers: readonly HelperInfo[]): Task {
  const { mask, groups, clients, least, rate } = plan;
  return defineTask({
    name: "faults",
    model: tensors({ tensors: { w: [5] } }),
    ...(mask !== "none" && {
      mask: { kind: mask, helpers, min: 2, groups } as NonNullable<TaskDefinition["mask"]>,
    }),
    ...(rate < 1 && { sampling: { kind: "poisson", rate } }),
    clients: { min: least, max: rate < 1 ? 100 : clients + 2 },
    roundMs: plan.roundMs,
    stop: { rounds: plan.rounds },
  });
}

/** What goes wrong by itself, second by second. */
function disturb(
  { machines }: BuiltWorld,
  { plan, scheduler, dice }: Pick<Building, "plan" | "scheduler" | "dice">,
): void {
  const second = () => {
    if (scheduler.nowMs >= plan.healMs) {
      for (const machine of machines) {
        machine.fullUntilMs = 0;
        machine.skewMs %= 500;
      }
      return scheduler.note("nothing goes wrong any more");
    }
    if (dice.comes("power")) dice.pick(machines).crash("the power is gone");
    if (dice.comes("stop")) dice.pick(machines).stop();
    if (dice.comes("full")) {
      const machine = dice.pick(machines);
      machine.fullUntilMs = scheduler.nowMs + dice.between(100, 20_000);
      scheduler.note(`the disk of ${machine.name} is full`);
    }
    if (dice.comes("clock")) {
      const machine = dice.pick(machines);
      machine.skewMs = dice.between(-600_000, 600_000) * dice.rng.uniform() ** 2;
      scheduler.note(`the clock of ${machine.name} is ${machine.skewMs.toFixed(0)} ms ahead`);
    }
    scheduler.after(1000, { act: second });
  };
  second();
}

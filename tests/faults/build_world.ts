/**
 * The machines of a simulated world, and what runs on them: a root, regions, helpers and clients, over
 * the live code.
 *
 * @module
 */
import { createAggregatorApp } from "../../edge/app.ts";
import { nativeCheckOf, nativeDigest } from "../../edge/deno/mod.ts";
import { createHelperApp } from "../../edge/helper/mod.ts";
import type { HelperStore } from "../../edge/helper/store.ts";
import type { Logger } from "../../edge/logger.ts";
import { memoryHelperStore } from "../../edge/memory/mod.ts";
import type { RoundStore } from "../../edge/store.ts";
import type { ClientCores } from "../../src/client/cores.ts";
import { fromHex, toBase64Url } from "../../src/core/bytes.ts";
import type { Identity } from "../../src/core/identity.ts";
import { deriveSeed, seededSource } from "../../src/core/random.ts";
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
import { type Device, type DeviceWorld, runDevice } from "./devices.ts";
import { createDisk, type Disk, HELPER_STORE_EFFECTS, reachedBy, STORE_EFFECTS } from "./disk.ts";
import type { Dice } from "./faults.ts";
import { instantIdentity, pkcs8Of } from "./instant_crypto.ts";
import { judge } from "./judge.ts";
import type { Ledger } from "./ledger.ts";
import {
  createMachine,
  type Effect,
  type Life,
  type Machine,
  type Role,
  type Running,
} from "./machine.ts";
import type { Mischief } from "./mischief.ts";
import { createNetwork, type Network } from "./network.ts";
import type { WorldPlan } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import { createSharedDisk } from "./shared_disk.ts";

/** What threads make once and all their worlds share. */
export interface Workshop {
  /** The compiled `aggregate` core. */
  readonly module: WebAssembly.Module;
  readonly cores: ClientCores;
}

/** What a world is built from. */
export interface Building {
  readonly plan: WorldPlan;
  readonly bytes: Uint8Array;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly ledger: Ledger;
  readonly workshop: Workshop;
  readonly mischief: Mischief;
}

/** A world, before anything has happened. */
export interface BuiltWorld {
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
  /** One, or instances that share the disk. */
  readonly machines: readonly Machine[];
}

/** Builds the world of a plan. */
export async function buildWorld(building: Building): Promise<BuiltWorld> {
  const { plan, bytes, scheduler, dice, ledger, mischief } = building;
  const { module, cores } = building.workshop;
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
    weakBack: (role) => plan.weak?.at === `${role} hears back` ? plan.weak.often : 0,
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
      ...{ name, role, scheduler, dice, ...rest, isMortal, slowness: plan.slowness },
      longDowns: plan.longDowns,
      weaknessOf: (kind) => plan.weak?.at === `${role} ${kind}` ? plan.weak.often : 0,
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
    const shared = plan.instances > 1 && parent !== undefined
      ? createSharedDisk({ scheduler, dice, written })
      : undefined;
    const kept = createDisk({ dice, written });
    const disk = shared?.outside ?? mischief.disk?.(kept, role) ?? kept;
    const storeOf = (life: Life): RoundStore => {
      if (shared === undefined) return disk;
      const store = shared.open(life);
      return mischief.shared?.(store) ?? store;
    };

    const run = (machine: () => Machine | undefined) => (life: Life): Running => {
      const { clock, random, turn } = life;
      const logger: Logger = (line) => {
        ledger.said(life.name, line);
        if (line.kind === "failure") scheduler.note(`${life.name} ${line.doing}: ${line.error}`);
        const at = machine();
        if (line.kind === "round" && life.isAlive && at !== undefined) at.phase = line.phase;
      };
      const app = createAggregatorApp({
        ...{ identity, module, clock, random, turn, logger, digest: nativeDigest },
        ...{ checkOf: nativeCheckOf, fetch: network.fetchOf(life) },
        store: reachedBy<RoundStore>(life, storeOf(life), STORE_EFFECTS),
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
        answer: mischief.app?.(answer) ?? answer,
        ready: begin(),
        async stop() {
          aggregator.endPolls();
          await aggregator[Symbol.asyncDispose]();
        },
      };
    };

    const machines: Machine[] = [];
    for (let at = 0; at < (shared === undefined ? 1 : plan.instances); at++) {
      const own = shared === undefined ? name : `${name}.${at + 1}`;
      const lose = () => disk.lose();
      machines.push(await machineOf(own, role, { lose, run: run(() => machines[at]) }));
    }
    hosts.set(`${name}.test`, machines);
    return { name, identity, parent, disk, machines };
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
  const { fetchOf } = network;
  const { training } = plan;
  const deviceWorld: DeviceWorld = { task, ledger, cores, chain, training, fetchOf };
  const clients: Machine[] = [];
  for (let at = 0; at < plan.clients; at++) {
    const name = `client-${at}`;
    const leaf = leaves[at % leaves.length] ?? root;
    const device: Device = {
      identity: await identityOf(name),
      seed: await secretOf("client", at),
      urls: [leaf, ...(plan.hasSiblings ? leaves.filter((it) => it !== leaf) : [])]
        .map(({ name }) => urlOf(name)),
      state: new Map(),
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
      ...places.flatMap(({ machines }) => machines),
      ...committee.map(({ machine }) => machine),
      ...clients,
      auditor,
    ],
    isOver: () =>
      devices.every(({ isDone }) => isDone) &&
      places.every(({ machines }) => machines.every(({ phase }) => phase === "finished")),
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
    model: tensors({ tensors: { w: [plan.values] } }),
    ...(mask !== "none" && {
      mask: { kind: mask, helpers, min: 2, groups } as NonNullable<TaskDefinition["mask"]>,
    }),
    ...(rate < 1 && { sampling: { kind: "poisson", rate } }),
    clients: { min: least, max: rate < 1 ? 100 : clients + 2 },
    roundMs: plan.roundMs,
    stop: { rounds: plan.rounds },
  });
}

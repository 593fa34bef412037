/**
 * Clients of a simulated world: devices that join, take part to the end, and come back after they died.
 *
 * @module
 */
import type { ClientCores } from "../../src/client/cores.ts";
import { join } from "../../src/client/join.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import type { Identity } from "../../src/core/identity.ts";
import { deriveSeed, seededRng } from "../../src/core/random.ts";
import type { DeviceState, Trainer } from "../../src/core/trainer.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";
import { lessonOf, roundSeeds } from "../../src/client/make_update.ts";
import type { UpdateChain } from "../../src/update/chain.ts";
import { isRetryable } from "../../src/wire/peer.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import type { Task } from "../../src/wire/task.ts";
import type { Ledger } from "./ledger.ts";
import type { Life, Running } from "./machine.ts";

/** A device, before it joins. */
export interface Device {
  readonly identity: Identity;
  /** Decides all that it draws of its updates. */
  readonly seed: Uint8Array;
  /** Regions that it may join, its own first. */
  readonly urls: readonly string[];
  /** What it keeps from one run to the next. */
  readonly state: Map<string, Uint8Array>;
  /** Whether the task is over for it. */
  isDone: boolean;
}

/** What devices run with. */
export interface DeviceWorld {
  readonly task: Task;
  readonly ledger: Ledger;
  readonly cores: ClientCores;
  /** Encodes as devices do. */
  readonly chain: UpdateChain;
  /** Part of a round that training takes at most, but now and then. */
  readonly training: number;
  fetchOf(life: Life): Fetch;
}

/** One run of a device's application. */
export function runDevice(world: DeviceWorld, device: Device, life: Life): Running {
  const over = new AbortController();
  const run = device.isDone ? Promise.resolve() : takePart(world, { device, life, over });
  return {
    ready: run,
    async stop() {
      over.abort(new DOMException("The device stops", "AbortError"));
      await run.catch(() => {});
    },
  };
}

async function takePart(
  world: DeviceWorld,
  { device, life, over: { signal } }: {
    readonly device: Device;
    readonly life: Life;
    readonly over: AbortController;
  },
): Promise<void> {
  const { identity, seed, urls } = device;
  const trainer = await trainerOf(world, device, life);
  for (;;) {
    try {
      await using me = await join(urls, {
        ...{ identity, seed, trainer, cores: world.cores, digest: nativeDigest, signal },
        state: stateOf(device, life),
        ...{ clock: life.clock, random: life.random, fetch: world.fetchOf(life) },
      });
      for await (const _report of me.rounds());
      device.isDone = true;
      return;
    } catch (error) {
      if (signal.aborted) return;
      // Whoever uses the library tries again later where that may help: a clock is set right some day.
      const mayPass = isRetryable(error) || isTributaryError(error, "task-unknown") ||
        isTributaryError(error, "signature-expired");
      if (!mayPass) world.ledger.blame("gave-up", `${life.name}: ${error}`);
      await life.clock.sleep(1000 + 1000 * (life.random(1)[0] ?? 0) / 256, { signal });
    }
  }
}

/** What a device keeps: durable once it says so. */
function stateOf({ state }: Device, life: Life): DeviceState {
  return {
    get: (key) => life.effect("read", () => state.get(key)),
    set: (key, value) => life.effect("write", () => void state.set(key, value.slice())),
  };
}

/** Trains for some time; now and then for too long. */
async function trainerOf(world: DeviceWorld, device: Device, { clock }: Life): Promise<Trainer> {
  const learn = await learner(world, device);
  const { task: { roundMs }, training } = world;
  return async (model, context) => {
    const rng = seededRng(await deriveSeed(context.seed, "takes"));
    const takesMs = rng.below(12) === 0 ? roundMs * 2 : 50 + rng.uniform() * roundMs * training;
    await clock.sleep(takesMs, { signal: context.signal });
    return await learn(model, context);
  };
}

/**
 * Training without examples: adds a little that only this client and round have, and tells the ledger
 * what is sent of it before it is masked.
 */
export async function learner(
  { task, ledger, chain }: Pick<DeviceWorld, "task" | "ledger" | "chain">,
  { identity, seed }: Pick<Device, "identity" | "seed">,
): Promise<Trainer> {
  const lesson = await lessonOf(task);
  return async (model, { round }) => {
    const seeds = await roundSeeds(seed, { lesson, round });
    const rng = seededRng(await deriveSeed(seeds.train, "learns"));
    const weights = Object.fromEntries(
      Object.entries(model).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value, at) => at < 5 ? value + rng.uniform() / 4 : value) },
      ]),
    );
    const contribution = { weights, examples: 1 };
    ledger.trained(identity.id, round, chain.encode(contribution, { model, key: seeds.encode }));
    return contribution;
  };
}

/**
 * A whole tree in one process, in virtual time, over the live code, on machines that fail as a seed says.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../../src/core/random.ts";
import { type Building, buildWorld, type BuiltWorld, type Workshop } from "./build_world.ts";
import { count, type Tally } from "./coverage.ts";
import { createDice } from "./faults.ts";
import { instantCrypto } from "./instant_crypto.ts";
import { createLedger } from "./ledger.ts";
import type { Mischief } from "./mischief.ts";
import { planWorld, type WorldPlan, worldSeed } from "./plan.ts";
import { createScheduler, type RunEnd, type Scheduler } from "./scheduler.ts";
import type { Violation } from "./violation.ts";

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

/** Time after which things go wrong, whether a round is open or not. */
const START_MS = 60_000;
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
  const trouble: Trouble = { fromMs: plan.isEarly ? 0 : Infinity };
  const isCalm = () => scheduler.nowMs < trouble.fromMs || isHealed(trouble, plan, scheduler);
  const dice = createDice(rng, { mix: plan.mix, isCalm });
  const ledger = createLedger();
  let built: BuiltWorld;
  let end: RunEnd;
  try {
    const { workshop, mischief = {} } = options;
    const building = buildWorld({ plan, bytes, scheduler, dice, ledger, workshop, mischief });
    built = await settled(building, crypto.settle);
    disturb(built, { plan, scheduler, dice, trouble });
    for (const { name, start } of built.machines) {
      scheduler.after(dice.between(0, 500), { line: `${name} starts`, act: start });
    }
    end = await scheduler.run(
      () => built.isOver(),
      { untilMs: START_MS + plan.healMs + PATIENCE_MS, events: MOST_EVENTS },
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

/** Since when things go wrong. */
interface Trouble {
  fromMs: number;
}

function isHealed({ fromMs }: Trouble, { healMs }: WorldPlan, { nowMs }: Scheduler): boolean {
  return nowMs >= fromMs + healMs;
}

/** What goes wrong by itself, second by second. */
function disturb(
  { machines }: BuiltWorld,
  { plan, scheduler, dice, trouble }: Pick<Building, "plan" | "scheduler" | "dice"> & {
    readonly trouble: Trouble;
  },
): void {
  const second = () => {
    const hasBegun = machines.some(({ role, phase }) => role !== "client" && phase === "open");
    if (hasBegun || scheduler.nowMs >= START_MS) {
      trouble.fromMs = Math.min(trouble.fromMs, scheduler.nowMs);
    }
    if (isHealed(trouble, plan, scheduler)) {
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

/**
 * What a seed decides before a world begins: the tree, the task, and what goes wrong.
 *
 * @module
 */
import { deriveSeed, type Rng, seededRng } from "../../src/core/random.ts";
import type { MaskPlan } from "../../src/wire/mask_plan.ts";
import { type Fault, FAULTS, type Mix } from "./faults.ts";
import type { Effect, Role } from "./machine.ts";

/** A world, as its seed draws it. */
export interface WorldPlan {
  /** The seed, as it is typed. */
  readonly seed: number;
  /** How many children an aggregator has, level by level; none for a root alone. */
  readonly shape: readonly number[];
  /** Processes that each region consists of, which share a database. */
  readonly instances: number;
  /** Whether a device knows of other regions than its own. */
  readonly hasSiblings: boolean;
  /** Devices, dealt to the leaves in turn. */
  readonly clients: number;
  /** Fewest clients of a round. */
  readonly least: number;
  /** How parcels are masked. */
  readonly mask: MaskPlan["kind"];
  /** Groups of a masked round. */
  readonly groups: number;
  /** Helpers of a masked task. */
  readonly helpers: number;
  /** Part of the clients that a round asks; 1 for all of them. */
  readonly rate: number;
  /** Values of the model: few, or so many that an update takes several slices. */
  readonly values: number;
  /** Rounds that the task publishes. */
  readonly rounds: number;
  /** From a round's opening to its deadline. */
  readonly roundMs: number;
  /** Whether parcels are put into the store before the write that adds them. */
  readonly isStaged: boolean;
  /** Whose processes may die at what they do, or at some of it. */
  readonly mortal: readonly (Role | `${Role} ${Effect}`)[];
  /** When faults stop. */
  readonly healMs: number;
  /** What goes wrong until then. */
  readonly mix: Mix;
}

/** Bytes that a world draws everything from. */
export async function worldSeed(seed: number): Promise<Uint8Array> {
  return await deriveSeed(new Uint8Array(32), "faults", seed);
}

/** Most of each fault: of a message or step, or in a second of a world. */
const MOST: Mix = {
  lost: 0.15,
  doubled: 0.15,
  delayed: 0.15,
  cut: 0.08,
  dies: 0.02,
  fails: 0.05,
  power: 0.06,
  stop: 0.03,
  full: 0.02,
  clock: 0.03,
};

const ROLES: readonly Role[] = ["root", "region", "helper", "client"];

const SHAPES: readonly (readonly number[])[] = [[], [1], [2], [2], [3], [1, 2], [2, 1]];

/** What is masked is a hundred times the work. */
const MASKS: readonly MaskPlan["kind"][] = [
  ...Array.from({ length: 14 }, () => "none" as const),
  "kahe1",
  "two_helper",
];

/** The world of a seed. */
export async function planWorld(seed: number): Promise<WorldPlan> {
  const rng = seededRng(await deriveSeed(await worldSeed(seed), "plan"));
  const between = (from: number, to: number) => from + rng.below(to - from + 1);
  const shape = pick(rng, SHAPES);
  const mask = pick(rng, MASKS);
  const clients = mask === "none" ? between(2, 5) : between(3, 4);
  const isSampled = mask === "none" && rng.below(5) === 0;
  const most = isSampled ? Math.ceil(clients / 2) : mask === "none" ? clients : clients - 1;
  const least = between(mask === "none" ? 1 : 2, most);
  return {
    ...{ seed, shape, clients, least, mask },
    instances: rng.below(4) === 0 ? 2 : 1,
    hasSiblings: rng.below(3) === 0,
    groups: mask === "none" ? 1 : between(1, 2),
    helpers: mask === "none" ? 0 : mask === "two_helper" ? 2 : 3,
    rate: isSampled ? 0.75 : 1,
    rounds: mask === "none" ? between(1, 3) : between(1, 2),
    roundMs: between(5, 40) * 1000,
    isStaged: rng.below(3) === 0,
    mortal: rng.below(2) === 0 ? ROLES : [pick(rng, ROLES)],
    healMs: between(5, 60) * 1000,
    mix: drawMix(rng),
    values: mask === "none" && rng.below(60) === 0 ? 950_000 : 5,
  };
}

/** Some faults, each more or less often: what some hide others can show. */
function drawMix(rng: Rng): Mix {
  const mix: Record<Fault, number> = { ...MOST };
  for (const fault of Object.keys(FAULTS) as Fault[]) {
    mix[fault] *= rng.below(2) === 0 ? 0 : rng.uniform();
  }
  return mix;
}

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.below(list.length)] as T;
}

/** A plan in a line. */
export function describePlan(plan: WorldPlan): string {
  const { shape, clients, least, mask, groups, rate, rounds, roundMs, isStaged, healMs } = plan;
  const mortal = plan.mortal.length === ROLES.length ? "" : `only a ${plan.mortal} dies; `;
  const faults = Object.entries(plan.mix).filter(([, often]) => often > 0);
  return [
    `tree [${shape}]${plan.instances > 1 ? " of two instances each" : ""}, ${clients} clients` +
    `${plan.hasSiblings ? " that know all regions" : ""} (at least ${least}), ${rounds} rounds of ${
      roundMs / 1000
    } s`,
    `${plan.values} values, mask ${mask}${groups > 1 ? ` in ${groups} groups` : ""}${
      isStaged ? ", staged" : ""
    }`,
    `${mortal}${rate < 1 ? `sampled at ${rate}, ` : ""}faults for ${healMs / 1000} s: ` +
    faults.map(([name, often]) => `${name} ${often.toFixed(3)}`).join(" "),
  ].join("; ");
}

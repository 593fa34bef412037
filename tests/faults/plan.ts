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
  /** What fails or is died at more often than all else, and how often. */
  readonly weak: { readonly at: Weakness; readonly often: number } | undefined;
  /** How likely a process that died stays away for long. */
  readonly longDowns: number;
  /** By how much writing takes longer than on a fast disk. */
  readonly slowness: number;
  /** Part of a round that training takes at most. */
  readonly training: number;
  /** Whether things go wrong from the start, or only once a round is open. */
  readonly isEarly: boolean;
  /** For how long things go wrong. */
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
  parted: 0.04,
  dies: 0.02,
  fails: 0.05,
  power: 0.06,
  stop: 0.03,
  full: 0.02,
  clock: 0.03,
};

const ROLES: readonly Role[] = ["root", "region", "helper", "client"];

const SHAPES: readonly (readonly number[])[] = [[], [1], [2], [2], [3], [1, 2], [2, 1]];

const LEAVES = (shape: readonly number[]) => shape.reduce((all, width) => all * width, 1);

/** A kind of step, or the way back of the answers to updates. */
export type Weakness = `${Role} ${Effect}` | `${Role} hears back`;

/** Where it matters most that something is done whole or not at all. */
const WEAK: readonly Weakness[] = [
  ...["region write", "region write", "region answer", "region upload", "region put"] as const,
  ...["root write", "root answer", "root send", "client upload"] as const,
  ...["client hears back", "region hears back"] as const,
];
/** The same where devices go from one region to another. */
const WEAK_OF_SIBLINGS: readonly Weakness[] = [
  ...["region write", "client upload", "client upload", "client hears back"] as const,
];

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
  const hasSiblings = rng.below(3) === 0;
  const shape = pick(rng, hasSiblings ? SHAPES.filter((it) => LEAVES(it) > 1) : SHAPES);
  const mask = pick(rng, MASKS);
  const clients = mask === "none" ? between(2, 5) : between(3, 4);
  const isSampled = mask === "none" && rng.below(5) === 0;
  const most = isSampled ? Math.ceil(clients / 2) : mask === "none" ? clients : clients - 1;
  const drawn = between(mask === "none" ? 1 : 2, most);
  // Where a device is a member twice, a round that needs every one of them seldom has them all.
  const least = hasSiblings ? Math.min(drawn, clients - 1) : drawn;
  return {
    ...{ seed, shape, clients, least, mask },
    instances: rng.below(4) === 0 ? 2 : 1,
    hasSiblings,
    groups: mask === "none" ? 1 : between(1, 2),
    helpers: mask === "none" ? 0 : mask === "two_helper" ? 2 : 3,
    rate: isSampled ? 0.75 : 1,
    rounds: mask === "none" ? between(2, 4) : between(1, 2),
    // Long enough for a device to find out that it has to go elsewhere.
    roundMs: (hasSiblings ? between(30, 90) : between(5, 25)) * 1000,
    isStaged: rng.below(3) === 0,
    mortal: rng.below(2) === 0 ? ROLES : [pick(rng, ROLES)],
    isEarly: rng.below(4) === 0,
    healMs: (hasSiblings ? between(60, 180) : between(10, 60)) * 1000,
    weak: rng.below(3) === 0 ? undefined : {
      at: pick(rng, hasSiblings ? WEAK_OF_SIBLINGS : WEAK),
      often: (hasSiblings ? 0.15 : 0.03) + 0.25 * rng.uniform() ** 2,
    },
    longDowns: pick(rng, [0.2, 0.2, 0.7]),
    slowness: pick(rng, [1, 1, 10, 60]),
    training: pick(rng, hasSiblings ? [0.25, 0.9, 0.9] : [0.05, 0.25, 0.25, 0.9]),
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
    `${plan.weak ? `weak at ${plan.weak.at}; ` : ""}disks ${plan.slowness} times slower; ` +
    `${mortal}${rate < 1 ? `sampled at ${rate}, ` : ""}faults for ${healMs / 1000} s${
      plan.isEarly ? " from the start" : ""
    }: ` +
    faults.map(([name, often]) => `${name} ${often.toFixed(3)}`).join(" "),
  ].join("; ");
}

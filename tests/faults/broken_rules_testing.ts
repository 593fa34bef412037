/**
 * Rules that are broken on purpose, each by something that stands where a world can be deceived:
 * before a disk, a source of randomness or an app. Nothing of the product knows of it.
 *
 * @module
 */
import { memoryStore } from "../../edge/memory/mod.ts";
import type { HelperStore } from "../../edge/helper/store.ts";
import type { RoundStore, SliceRow } from "../../edge/store.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { problemOf } from "../../src/wire/problem.ts";
import type { Disk } from "./disk.ts";
import type { Mix } from "./faults.ts";
import type { WorldPlan } from "./plan.ts";
import type { Rule } from "./violation.ts";
import type { Mischief } from "./mischief.ts";

/** A rule that is broken, and what shows it. */
export interface BrokenRule {
  /** What is done wrong. */
  readonly name: string;
  /** Rules of which a world of such a tree breaks one. */
  readonly shows: readonly Rule[];
  /** How many seeds find it for sure. */
  readonly seeds: number;
  /** How it is done. */
  readonly mischief: Mischief;
}

const QUIET: Mix = {
  ...{ lost: 0, doubled: 0, delayed: 0, cut: 0, parted: 0, dies: 0 },
  ...{ fails: 0, power: 0, stop: 0, full: 0, clock: 0 },
};

/** A world in which little else goes wrong than what shows the rule. */
function only(mix: Partial<Mix>, change: Partial<WorldPlan> = {}): (plan: WorldPlan) => WorldPlan {
  return (plan) => ({
    ...plan,
    ...{
      instances: 1,
      hasSiblings: false,
      mask: "none",
      helpers: 0,
      groups: 1,
      rate: 1,
      healMs: 60_000,
    },
    ...{ rounds: 6, roundMs: 10_000, least: 1, clients: 5, shape: [2] },
    ...{ isEarly: true, weak: undefined, longDowns: 0.2, slowness: 1, training: 0.25 },
    ...change,
    mix: { ...QUIET, ...mix },
  });
}

/**
 * Says that a write is done as soon as it is heard of, and does it some writes later: what was not done
 * yet goes with the power.
 */
function acksEarly(disk: Disk, behind: number): Disk {
  type Step = { (store: RoundStore): Promise<unknown>; readonly isWrite?: true };
  const late: Step[] = [];
  const done: Step[] = [];
  let front = Promise.resolve(memoryStore());
  const now = async (step: Step): Promise<unknown> => {
    const outcome = await step(await front);
    late.push(step);
    while (late.filter(({ isWrite }) => isWrite).length > behind) {
      const next = late.shift();
      if (next === undefined) break;
      await next(disk);
      done.push(next);
    }
    return outcome;
  };
  const reads = (name: keyof RoundStore) => async (...args: unknown[]) =>
    await Reflect.apply((await front)[name] as () => unknown, undefined, args);
  return {
    ...disk,
    ...Object.fromEntries(READS.map((name) => [name, reads(name)])),
    async write(task, expected, change) {
      if (((await (await front).read(task))?.version ?? 0) !== expected) return false;
      const slices = change.slices?.map(copied);
      const kept = { ...structuredClone({ ...change, slices: [] }), ...(slices && { slices }) };
      const step = (store: RoundStore) => store.write(task, expected, kept);
      return await now(Object.assign(step, { isWrite: true } as const)) as boolean;
    },
    async put(task, slices) {
      const kept = slices.map(copied);
      await now((store) => store.put(task, kept));
    },
    drop: async (task, name) => void await now((store) => store.drop(task, name)),
    async rest() {
      for (const step of late.splice(0)) await step(disk);
      await disk.rest();
    },
    lose() {
      late.length = 0;
      front = (async () => {
        const again = memoryStore();
        for (const step of done) await step(again);
        return again;
      })();
    },
  };
}

const READS = [
  ...["tasks", "read", "member", "members", "update", "updates", "slice", "sliceNames", "log"],
] as (keyof RoundStore)[];

/** Slices may be memory that their owner goes on using. */
function copied(row: SliceRow): SliceRow {
  return { ...row, bytes: row.bytes.slice() };
}

/** Writes record and rows, and the sums of them some time later: the power may go in between. */
function writesInParts(disk: Disk): Disk {
  let missing: (() => Promise<unknown>) | undefined;
  const mend = async () => {
    const last = missing;
    missing = undefined;
    await last?.();
  };
  return {
    ...disk,
    async slice(task, name, index) {
      await mend();
      return await disk.slice(task, name, index);
    },
    async write(task, expected, change) {
      await mend();
      const slices = change.slices?.map(copied) ?? [];
      const isDone = await disk.write(task, expected, { ...change, slices: [] });
      if (isDone) missing = () => disk.put(task, slices);
      return isDone;
    },
    lose() {
      missing = undefined;
      disk.lose();
    },
  };
}

/** Writes whatever it is given, whoever has written since. */
function writesBlindly(store: RoundStore): RoundStore {
  return {
    ...store,
    async write(task, _, change) {
      return await store.write(task, (await store.read(task))?.version ?? 0, change);
    },
  };
}

/** Loses the sums of rounds with the power. */
function forgetsSums(disk: Disk): Disk {
  let isLost = false;
  return {
    ...disk,
    async slice(task, name, index) {
      return isLost && name.startsWith("sum/") ? undefined : await disk.slice(task, name, index);
    },
    lose() {
      isLost = true;
      disk.lose();
    },
  };
}

/** A helper that remembers no answer. */
function forgetsAnswers(store: HelperStore): HelperStore {
  return {
    ...store,
    answer: () => Promise.resolve(undefined),
    putAnswer: (row) => Promise.resolve(row),
  };
}

/** Answers an update that comes again as if it were another one. */
const refusesRepeats = (answer: Fetch): Fetch => {
  const taken = new Set<string>();
  return async (request) => {
    const key = `${request.url} ${request.headers.get("tributary-digest")}`;
    const isUpdate = request.method === "PUT" && request.url.includes("/updates/");
    if (isUpdate && taken.has(key)) {
      const error = new TributaryError("update-conflict", "Cannot take an update: it is another");
      const { status, headers, problem } = problemOf(error);
      return new Response(JSON.stringify(problem), { status, headers: { ...headers } });
    }
    const response = await answer(request);
    if (isUpdate && response.ok) taken.add(key);
    return response;
  };
};

/** The rules that are broken, for the tests. */
export const BROKEN_RULES: readonly BrokenRule[] = [
  {
    name: "a region acknowledges an update before it is durable",
    shows: ["lost-update"],
    seeds: 10,
    mischief: {
      disk: (disk, role) => role === "region" ? acksEarly(disk, 2) : disk,
      plan: only({ dies: 0.07 }, { mortal: ["region answer"], shape: [1], clients: 6 }),
    },
  },
  {
    name: "a root acknowledges and publishes before it is durable",
    shows: ["log-changed", "lost-update"],
    seeds: 10,
    mischief: {
      disk: (disk, role) => role === "root" ? acksEarly(disk, 2) : disk,
      plan: only({ dies: 0.15 }, { mortal: ["root answer"] }),
    },
  },
  {
    name: "a write is not one: its slices follow its rows",
    shows: ["stuck", "wrong-sum", "log-invalid"],
    seeds: 10,
    mischief: { disk: writesInParts, plan: only({ dies: 0.03 }, { mortal: ["root", "region"] }) },
  },
  {
    name: "helpers forget what they have answered, and a root what it has sealed",
    shows: ["opened-twice"],
    seeds: 40,
    mischief: {
      disk: (disk, role) => role === "root" ? acksEarly(disk, 2) : disk,
      helperDisk: forgetsAnswers,
      plan: only({ dies: 0.1 }, {
        mortal: ["root send"],
        mask: "two_helper",
        helpers: 2,
        least: 2,
        clients: 4,
      }),
    },
  },
  {
    name: "instances of a region write without looking whether the other one has",
    shows: ["lost-update", "wrong-sum", "log-invalid"],
    seeds: 25,
    mischief: {
      shared: writesBlindly,
      plan: only({ delayed: 0.3 }, { instances: 2, shape: [1], clients: 6 }),
    },
  },
  {
    name: "a receipt is not repeated",
    shows: ["receipt-changed"],
    seeds: 10,
    mischief: { app: refusesRepeats, plan: only({ lost: 0.2 }) },
  },
  {
    name: "sums that were written are not there once the power was gone",
    shows: ["stuck", "wrong-sum"],
    seeds: 10,
    mischief: { disk: forgetsSums, plan: only({ dies: 0.03 }, { mortal: ["root", "region"] }) },
  },
];

/**
 * Opening the sum of a group: asking the helpers, and making words of their answers.
 *
 * @module
 */
import { fromHex } from "../../src/core/bytes.ts";
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import type { HelperAnswer, Mask } from "../../src/mask/mask.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import { askHelpers, type AskOptions, type AskWorld } from "./ask_committee.ts";
import { type GroupToOpen, prepareAsk } from "./group_to_open.ts";

/**
 * The sum of the values of a group's clients, opened with the help of its task's helpers.
 *
 * Doing so again, after a crash for instance, gives the same: helpers answer a set again as they did.
 *
 * @throws {TributaryError} `shares-missing` if fewer helpers than the threshold answer in time;
 * `shares-inconsistent` if their answers fit in no way; `noise-excessive` if what comes out is none of
 * so many clients; a code of envelopes and shares, with the client's id, if a client's are not in
 * order. The group is lost then, as the helpers answer for no other set of it.
 */
export async function openSum(
  world: AskWorld & { readonly module: WebAssembly.Module },
  group: GroupToOpen,
  options: AskOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { helping } = group.mask;
  if (helping === undefined) {
    throw new TypeError(`Cannot ask helpers to open a sum: ${group.mask.name} has none`);
  }
  const prepared = await prepareAsk(group, { helping, digest: world.digest });
  if (prepared.head.clients !== group.clients) {
    throw new TributaryError(
      "evidence-malformed",
      `Cannot open group ${group.group} of round ${group.round}: the evidence is of ` +
        `${prepared.head.clients} clients, expected ${group.clients}`,
    );
  }
  const answers = await askHelpers(world, group, { ...options, helping, prepared });
  using core = createAggregateCore(world.module);
  const { words, unfit } = await openWith(core, { ...group, answers });
  if (unfit.length > 0) {
    const doing = `opening group ${group.group} of round ${group.round}`;
    const error = new TributaryError(
      "shares-inconsistent",
      `Cannot use all answers: the sum opens without ${
        unfit.map((helper) => `helper ${helper}'s`).join(" and ")
      }; a helper, or a client of the group, has given a wrong share`,
    );
    world.logger({ kind: "failure", doing, error });
  }
  return words;
}

/** A masked sum, and all answers for it. */
export interface AnsweredSum {
  /** The task's scheme. */
  readonly mask: Mask;
  /** Session id, hex. */
  readonly sid: string;
  /** Clients in the sum. */
  readonly clients: number;
  /** The masked sum. */
  readonly sum: Uint8Array;
  /** At least as many as the threshold. */
  readonly answers: readonly HelperAnswer[];
}

/** What a sum opened to. */
export interface OpenedSum {
  /** Little-endian words, each the sum of the clients' values. */
  readonly words: Uint8Array<ArrayBuffer>;
  /** Helpers whose answers were left out. */
  readonly unfit: readonly number[];
}

/** Most ways to leave answers out that are tried. */
const MOST_TRIES = 64;

/**
 * Opens a sum with all answers, or if they do not fit each other, without as few of them as make the
 * rest fit.
 *
 * Whether a rest is right does not follow from its size: `threshold` answers always lie on one
 * polynomial. It follows from the opened sum. Under any key but the sum of the clients' keys, the
 * errors of the parcels come out as numbers that fill the ring, and the scheme refuses them
 * (`noise-excessive`); a share that passes with another key is as hard to make as a short vector is to
 * find in a lattice of the ring. So what is opened without some answers is as sure as what is opened
 * where there were no more to begin with.
 *
 * Who is at fault does not follow. If one answer is wrong, it is the one that is left out; two that are
 * wrong can be made to cancel in the sum of the keys, and leave out one that is right. And a client that
 * seals a helper a share of another key makes that helper's answer wrong.
 *
 * @throws {TributaryError} What the scheme throws with all answers, if nothing fits.
 */
export async function openWith(core: AggregateCore, sum: AnsweredSum): Promise<OpenedSum> {
  const { mask, clients, answers } = sum;
  const open = (answers: readonly HelperAnswer[]) =>
    mask.open(core, sum.sum, { sid: fromHex(sum.sid), clients, answers });
  try {
    return { words: await open(answers), unfit: [] };
  } catch (error) {
    if (!isTributaryError(error, "shares-inconsistent")) throw error;
    let tries = 0;
    for (const left of leftOut(answers.length, answers.length - (mask.helping?.threshold ?? 0))) {
      if (++tries > MOST_TRIES) break;
      try {
        const words = await open(answers.filter((_, at) => !left.includes(at)));
        return { words, unfit: left.map((at) => answers[at]?.helper ?? 0) };
      } catch (again) {
        const isUnfit = isTributaryError(again, "shares-inconsistent") ||
          isTributaryError(again, "noise-excessive");
        if (!isUnfit) throw again;
      }
    }
    throw error;
  }
}

/** Sets of 1 to `most` of the numbers below `count`, smaller ones first. */
function* leftOut(count: number, most: number): Generator<readonly number[]> {
  let sets: readonly (readonly number[])[] = [[]];
  for (let size = 1; size <= most; size++) {
    sets = sets.flatMap((set) => {
      const from = (set.at(-1) ?? -1) + 1;
      return Array.from({ length: count - from }, (_, at) => [...set, from + at]);
    });
    yield* sets;
  }
}

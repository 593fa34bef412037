/**
 * Who can learn what of a run, in plain words: for its record, its report and the terminal.
 *
 * @module
 */
import { groupsOf, type MaskPlan } from "../wire/mask_plan.ts";
import type { PrivacyPlan } from "../wire/privacy_plan.ts";
import type { Task } from "../wire/task.ts";

/** What one party can learn. */
export interface PartyView {
  /** Who. */
  readonly party: string;
  /** One sentence. */
  readonly learns: string;
}

/** What a run kept from whom, and what it promised. */
export interface PrivacyRecord {
  /** How updates were masked. */
  readonly mask: MaskPlan["kind"];
  /** Who opens sums, in words; undefined where nobody has to. */
  readonly committee?: string;
  /** Groups of a round, at most; undefined where nothing is masked. */
  readonly groups?: number;
  /** Fewest clients of a sum that is opened; undefined where nothing is masked. */
  readonly smallestSum?: number;
  /** Who can learn what. */
  readonly parties: readonly PartyView[];
  /** Differential privacy; undefined where none is promised. */
  readonly budget?: {
    /** Promised for the whole run. */
    readonly epsilon: number;
    /** That goes with it. */
    readonly delta: number;
    /** ε spent when it ended. */
    readonly spent: number;
    /** Who adds the noise, in words. */
    readonly noise: string;
  };
}

/** A round, and what was spent with it. */
export interface SpentRound {
  /** What a private task has spent so far, if the round's sum was opened. */
  readonly spent?: { readonly epsilon: number };
}

/** What a task keeps from whom, and what its rounds have spent of its budget. */
export function privacyRecord(
  { mask, privacy }: Pick<Task, "mask" | "privacy">,
  rounds: readonly SpentRound[],
): PrivacyRecord {
  const committee = committeeText(mask);
  return {
    mask: mask.kind,
    ...(committee === undefined ? {} : { committee }),
    ...(mask.kind === "none" ? {} : { groups: groupsOf(mask), smallestSum: mask.min }),
    parties: partiesOf(mask),
    ...(privacy && {
      budget: {
        epsilon: privacy.epsilon,
        delta: privacy.delta,
        spent: rounds.reduce((most, { spent }) => Math.max(most, spent?.epsilon ?? 0), 0),
        noise: noiseText(privacy.mechanism),
      },
    }),
  };
}

/** The record in a few lines for a terminal. */
export function privacyLines({ mask, committee, smallestSum, budget }: PrivacyRecord): string[] {
  const opened = smallestSum === undefined
    ? "regions can read what their members send"
    : `only sums of ${smallestSum} clients or more can be opened, by ${committee}`;
  return [
    `privacy: mask ${mask}; ${opened}`,
    budget === undefined
      ? "privacy: no differential privacy is promised (sums and models tell what they tell)"
      : `privacy: ε = ${
        budget.spent.toPrecision(4)
      } of ${budget.epsilon} spent at δ = ${budget.delta}; ` +
        budget.noise,
  ];
}

/** Who opens a sum. */
function committeeText(mask: MaskPlan): string | undefined {
  switch (mask.kind) {
    case "none":
      return undefined;
    case "kahe1":
      return `${mask.threshold} of ${mask.helpers.length} helpers, ` +
        `of whom ${mask.colluding} may work with the root`;
    case "two_helper":
      return "two helpers, of whom one may work with the root";
    case "secagg_plus":
      return `${mask.threshold} of each client's ${mask.neighbours} neighbours, ` +
        "or more than two thirds where there are fewer";
    default:
      return mask satisfies never;
  }
}

const CLIENT = "the published models and the log, and nothing of any other client";

function partiesOf(mask: MaskPlan): PartyView[] {
  switch (mask.kind) {
    case "none":
      return views({
        "A client": CLIENT,
        "Its region": "every update that its clients send, in full",
        "The root": "every update of its own clients, and the sum of each region",
        "The network": "who talks to whom, when, and how much; without TLS every update as well",
      });
    case "kahe1": {
      const { helpers, threshold, colluding } = mask;
      return views({
        "A client": CLIENT,
        "Its region": "who took part and when; updates and sums look like noise to it",
        "The root": rootView(mask),
        [`Up to ${colluding} helpers, with root and regions`]: "no more than the root alone",
        [`${threshold} of ${helpers.length} helpers, with root or region`]:
          "every update: who chooses the helpers chooses who can look",
        "The network": NETWORK,
      });
    }
    case "two_helper":
      return views({
        "A client": CLIENT,
        "Its region": "who took part and when; updates and sums look like noise to it",
        "The root": rootView(mask),
        "One helper, with root and regions": "no more than the root alone",
        "Both helpers, with root or region":
          "every update: who chooses the helpers chooses who can look",
        "The network": NETWORK,
      });
    case "secagg_plus":
      return views({
        "A client": `${CLIENT}; of its neighbours it holds shares, each of no use alone`,
        "Its region": "who took part and when; updates and sums look like noise to it",
        "The root": `${rootView(mask)}, as long as it was honest while keys were exchanged`,
        "The network": NETWORK,
      });
    default:
      return mask satisfies never;
  }
}

function rootView(mask: Exclude<MaskPlan, { kind: "none" }>): string {
  return `the sum over ${mask.min} clients or more, and who is in it; never one client's update`;
}

const NETWORK = "who talks to whom, when, and how much; updates look like noise";

function views(learns: Readonly<Record<string, string>>): PartyView[] {
  return Object.entries(learns).map(([party, learns]) => ({ party, learns }));
}

function noiseText({ kind }: PrivacyPlan["mechanism"]): string {
  switch (kind) {
    case "skellam":
      return "every client adds its part of the noise before it masks, so that nobody sees a sum without";
    case "gaussian":
      return "the root adds the noise to each sum, and is trusted to";
    case "ftrl":
      return "the root adds noise that is correlated from round to round, and is trusted to";
    default:
      return kind satisfies never;
  }
}

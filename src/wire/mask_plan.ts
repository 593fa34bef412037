/**
 * How parcels are masked: the part of a task that says which scheme hides them, and who helps the root
 * to open sums.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_CLIENTS } from "./party.ts";
import { key32Schema, MAX_GROUPS, wholeSchema } from "./scalars.ts";

/** One who holds shares of keys, and answers for a set of clients once. */
export interface HelperInfo {
  /** Its address; a path in it is a prefix. */
  readonly url: string;
  /** Raw X25519 public key that shares are sealed to, base64url. */
  readonly key: string;
  /** Raw Ed25519 public key that its answers are signed with, base64url. */
  readonly identity: string;
}

/** What schemes with helpers have in common. */
export interface HelpedPlan {
  /** The helpers; number `j`, from 1, is the `j`-th. */
  readonly helpers: readonly HelperInfo[];
  /** Fewest clients that a sum is opened for. */
  readonly min: number;
  /** Most groups of a round, each with a sum of its own that is opened by itself. */
  readonly groups: number;
}

/** How the parcels of a task are masked. */
export type MaskPlan =
  /** Not at all: regions can read what their members send. */
  | { readonly kind: "none" }
  /** Under keys whose shares the helpers hold; `threshold` of them open a sum. */
  | HelpedPlan & {
    readonly kind: "kahe1";
    /** How many helpers open a sum; fewer learn nothing. */
    readonly threshold: number;
    /** How many of them may work against the clients together with the root. */
    readonly colluding: number;
  }
  /** By the streams of two seeds, one for each of two helpers, who both must answer. */
  | HelpedPlan & { readonly kind: "two_helper" }
  /** By keys that clients agree on with their neighbours, without helpers. */
  | {
    readonly kind: "secagg_plus";
    /** Other clients that each one shares keys with. */
    readonly neighbours: number;
    /** How many of them give a key back. */
    readonly threshold: number;
    /** Fewest clients that a sum is opened for. */
    readonly min: number;
  };

/** Every kind of {@link MaskPlan}. */
export const MASK_KINDS: readonly MaskPlan["kind"][] = [
  "none",
  "kahe1",
  "secagg_plus",
  "two_helper",
];

/** Most helpers of a task. */
const MAX_HELPERS = 32;

/** Schema of {@link HelperInfo}. */
export const helperInfoSchema: v.GenericSchema<HelperInfo> = v.pipe(
  v.strictObject({
    url: v.pipe(
      v.string(),
      v.regex(/^https?:\/\/[\x21-\x7e]{1,2000}$/, "expected an http or https address"),
      v.description("Address of a helper"),
    ),
    key: key32Schema,
    identity: key32Schema,
  }),
  v.description("A helper: X25519 key that shares are sealed to, Ed25519 key of its answers"),
);

const min = wholeSchema(2, MAX_CLIENTS, "Fewest clients that a sum is opened for");
const groups = wholeSchema(1, MAX_GROUPS, "Most groups of a round, each opened by itself");

/** Schema of {@link MaskPlan}. */
export const maskPlanSchema: v.GenericSchema<MaskPlan> = v.pipe(
  v.variant("kind", [
    v.strictObject({ kind: v.literal("none") }),
    v.strictObject({
      kind: v.literal("kahe1"),
      helpers: v.pipe(v.array(helperInfoSchema), v.minLength(1), v.maxLength(MAX_HELPERS)),
      threshold: wholeSchema(1, MAX_HELPERS, "How many helpers open a sum"),
      colluding: wholeSchema(0, MAX_HELPERS, "How many helpers may collude with the root"),
      min,
      groups,
    }),
    v.strictObject({
      kind: v.literal("two_helper"),
      helpers: v.pipe(v.array(helperInfoSchema), v.length(2)),
      min,
      groups,
    }),
    v.strictObject({
      kind: v.literal("secagg_plus"),
      neighbours: wholeSchema(1, 1 << 16, "Other clients that each one shares keys with"),
      threshold: wholeSchema(1, 1 << 16, "How many of them give a key back"),
      min,
    }),
  ]),
  v.description("How parcels are masked"),
);

/** The helpers of a plan; none where a scheme has none. */
export function helpersOf(plan: MaskPlan): readonly HelperInfo[] {
  return "helpers" in plan ? plan.helpers : [];
}

/** Most groups of a round; 0 where parcels are not masked, and a round has one sum. */
export function groupsOf(plan: MaskPlan): number {
  switch (plan.kind) {
    case "none":
      return 0;
    case "secagg_plus":
      return 1;
    case "kahe1":
    case "two_helper":
      return plan.groups;
    default:
      throw plan satisfies never;
  }
}

/**
 * What no schema can say of a mask plan beside the task's clients; undefined if nothing is wrong.
 *
 * @returns What was found and what was expected.
 */
export function maskPlanFault(
  plan: MaskPlan,
  clients: { readonly min: number; readonly max: number },
): string | undefined {
  if (plan.kind === "none") return undefined;
  if (plan.min > clients.min) {
    return `mask.min is ${plan.min}, expected at most clients.min, which is ${clients.min}`;
  }
  const all = groupsOf(plan) * plan.min;
  if (all > clients.max) {
    return `${groupsOf(plan)} groups of ${plan.min} clients take ${all}, ` +
      `expected at most clients.max, which is ${clients.max}`;
  }
  for (const field of ["url", "key", "identity"] as const) {
    const seen = helpersOf(plan).map((helper) => helper[field]);
    const twice = seen.find((value, at) => seen.indexOf(value) !== at);
    if (twice !== undefined) return `two helpers have the ${field} ${twice}`;
  }
  return undefined;
}

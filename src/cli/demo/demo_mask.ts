/**
 * How the demo's parcels are masked, once it is known who helps.
 *
 * @module
 */
import { toBase64Url } from "../../core/bytes.ts";
import type { MaskOptions } from "../../task/mod.ts";
import type { HelperInfo, MaskPlan } from "../../wire/mask_plan.ts";

/** Name of a scheme. */
export type MaskKind = MaskPlan["kind"];

/** How many helpers a scheme has in the demo. */
export function helperCount(kind: MaskKind): number {
  switch (kind) {
    case "kahe1":
      return 5;
    case "two_helper":
      return 2;
    case "none":
    case "secagg_plus":
      return 0;
    default:
      return kind satisfies never;
  }
}

/** The mask of the task. */
export function demoMask(
  kind: MaskKind,
  helpers: readonly HelperInfo[],
): MaskOptions {
  switch (kind) {
    case "none":
    case "secagg_plus":
      return { kind };
    case "kahe1":
    case "two_helper":
      return { kind, helpers };
    default:
      return kind satisfies never;
  }
}

/**
 * Helpers that are nobody: a task with them is checked, described and named before any is started, and
 * the name is the same in every start.
 */
export function nobody(count: number): HelperInfo[] {
  return Array.from({ length: count }, (_, at) => {
    const bytes = toBase64Url(new Uint8Array(32).fill(at + 1));
    return { url: `http://helper${at + 1}.invalid`, key: bytes, identity: bytes };
  });
}

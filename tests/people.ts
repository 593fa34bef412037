/**
 * Invented people whose devices take part in tests.
 *
 * @module
 */
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { heldOutCases } from "../src/data/negatives.ts";
import { leaveOneOut } from "../src/data/split.ts";
import { generate, SYNTHETIC_SHAPES, type SyntheticShape } from "../src/data/synthetic.ts";
import type { PersonExamples } from "../src/models/model.ts";

/** How many people and items there are; the rest is as in the demo. */
export type Size = Pick<SyntheticShape, "people" | "items">;

/** What each of so many people has on their device: items to train on, and one held out. */
export async function inventPeople({ people, items }: Size): Promise<PersonExamples[]> {
  const shape = { ...SYNTHETIC_SHAPES.small, people, items, minItems: 6, maxItems: 12 };
  const seed = await deriveSeed(new Uint8Array(32), "people");
  const { train, ...held } = leaveOneOut(generate(shape, seededRng(seed)).interactions);
  const cases = await heldOutCases({ train, ...held }, { seed });
  return cases.map(({ train, test, negatives }) => ({
    items: train,
    evaluation: { target: test, negatives },
  }));
}

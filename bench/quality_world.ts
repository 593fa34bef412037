/**
 * The ratings that quality is measured on, the questions, and what each method gets to work with.
 *
 * @module
 */
import { deriveSeed } from "../src/core/random.ts";
import { type HeldOutCase, heldOutCases } from "../src/data/negatives.ts";
import { readMovieLensCsv } from "../src/data/read_movielens_csv.ts";
import { leaveOneOut, type Split } from "../src/data/split.ts";
import { evaluateLeaveOneOut } from "../src/metrics/leave_one_out.ts";
import {
  type AggregateCore,
  createAggregateCore,
  createTrainCore,
  inlineModule,
  type TrainCore,
} from "../src/wasm/mod.ts";

const DATA = new URL("../../shared/data/movielens-latest-small/ratings.csv", import.meta.url);

/** Everything that a method needs for one seed. */
export interface QualityWorld {
  /** Ratings, the last one of each person held out. */
  readonly split: Split;
  /** What every method is asked; negatives differ from seed to seed. */
  readonly cases: readonly HeldOutCase[];
  /** Rows of the item table. */
  readonly items: number;
  /** 32 bytes: all else that is drawn. */
  readonly seed: Uint8Array;
  /** Kernels of training. */
  readonly train: TrainCore;
  /** Kernels of quantising and adding. */
  readonly aggregate: AggregateCore;
}

/** Quality under one name, with one seed. */
export interface QualityRow {
  /** The method, and after how many rounds. */
  readonly name: string;
  /** Hit rate at 10. */
  readonly hr: number;
  /** NDCG at 10. */
  readonly ndcg: number;
}

/** A way to recommend: learns, and says how good it is. */
export type QualityMethod = (world: QualityWorld) => AsyncGenerator<QualityRow>;

/** Reads the ratings and draws the questions of one seed. */
export async function openQualityWorld(number: number): Promise<QualityWorld> {
  const bytes = await Deno.readFile(DATA);
  const split = leaveOneOut(readMovieLensCsv({ ratings: { name: "ratings.csv", bytes } }));
  const seed = await deriveSeed(new Uint8Array(32), "bench/quality", number);
  return {
    ...{ split, seed },
    cases: await heldOutCases(split, { seed }),
    items: split.train.items.length,
    train: createTrainCore(await inlineModule("train")),
    aggregate: createAggregateCore(await inlineModule("aggregate")),
  };
}

/** The quality of scores that are there, or made, for each person. */
export async function judge(
  name: string,
  { cases, items }: QualityWorld,
  score: (question: HeldOutCase) => ArrayLike<number> | Promise<ArrayLike<number>>,
): Promise<QualityRow> {
  const scores = new Map<number, ArrayLike<number>>();
  for (const question of cases) scores.set(question.person, await score(question));
  const report = evaluateLeaveOneOut((person) => scores.get(person) ?? [], { cases, items });
  return { name, hr: report.hitRate, ndcg: report.ndcg };
}

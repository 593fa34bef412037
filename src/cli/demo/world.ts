/**
 * What the demo learns from: ratings, their split, and what each device gets of them.
 *
 * @module
 */

import { basename } from "node:path";
import { concatBytes, toHex, utf8 } from "../../core/bytes.ts";
import { webDigest } from "../../core/digest.ts";
import { TributaryError } from "../../core/errors.ts";
import { deriveSeed, seededRng } from "../../core/random.ts";
import type { Interactions } from "../../data/interactions.ts";
import { type HeldOutCase, heldOutCases } from "../../data/negatives.ts";
import { leaveOneOut } from "../../data/split.ts";
import { generate, SYNTHETIC_SHAPES } from "../../data/synthetic.ts";
import type { PersonExamples } from "../../models/model.ts";
import { openRatings } from "../data_files.ts";
import type { Reading } from "../reading.ts";

/** Where the ratings come from. */
export interface WorldOptions {
  /** A file or folder of ratings; invented ones if absent. */
  readonly path: string | undefined;
  /** How they are read; the invented ones are what they are. */
  readonly reading: Reading;
  /** Seed of what is invented, and of the evaluation's negatives. */
  readonly seed: number;
}

/** Ratings, ready to train on and to evaluate with. */
export interface World {
  /** What people call it. */
  readonly name: string;
  /** Digest of the ratings, hex. */
  readonly digest: string;
  /** Ratings to train on. */
  readonly train: Interactions;
  /** All ratings, as read. */
  readonly all: Interactions;
  /** The questions that every method is asked. */
  readonly cases: readonly HeldOutCase[];
  /** What each person's device has, by dense index. */
  readonly examples: readonly PersonExamples[];
}

/** The seed of everything that a run with the number `seed` draws. */
export async function runSeed(seed: number): Promise<Uint8Array> {
  return await deriveSeed(utf8("tributary/run"), seed);
}

/**
 * Reads or invents ratings.
 *
 * @throws {TributaryError} `bad-data` if they cannot be read.
 */
export async function openInteractions(
  { path, reading, seed }: WorldOptions,
): Promise<Interactions> {
  if (path !== undefined) return await openRatings(path, reading);
  const rng = seededRng(await deriveSeed(await runSeed(seed), "world"));
  return generate(SYNTHETIC_SHAPES.small, rng).interactions;
}

/**
 * Reads or invents ratings, keeps each person's last one for the test, and draws its negatives.
 *
 * @throws {TributaryError} `bad-data` if they cannot be read, or nobody has two.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { path, seed } = options;
  const all = await openInteractions(options);
  const { train, ...held } = leaveOneOut(all);
  if (all.histories.every(({ items }) => items.length < 2)) {
    throw new TributaryError(
      "bad-data",
      `Cannot use ${path}: each of its ${all.people.length} people has one rating, expected somebody with two or more, of which the last is for the test`,
    );
  }
  const cases = await heldOutCases({ train, ...held }, { seed: await runSeed(seed) });
  const questions = new Map(cases.map((question) => [question.person, question]));
  const examples = train.histories.map((history, person): PersonExamples => {
    const question = questions.get(person);
    return {
      items: history.items,
      ...(question === undefined ? {} : {
        evaluation: { target: question.test, negatives: question.negatives },
      }),
    };
  });
  return {
    name: path === undefined ? "invented ratings" : basename(path),
    digest: await ratingsDigest(all),
    all,
    train,
    cases,
    examples,
  };
}

async function ratingsDigest(data: Interactions): Promise<string> {
  const ids = utf8(JSON.stringify([data.people, data.items]));
  const columns = data.histories.flatMap(({ items }) => [
    utf8(`\n${items.length}\n`),
    new Uint8Array(items.buffer, items.byteOffset, items.byteLength),
  ]);
  return toHex(await webDigest(concatBytes([ids, ...columns])));
}

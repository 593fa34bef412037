/**
 * Heads and proofs of a round log of 100 000 entries in SQLite, beside reading it whole.
 * Run as a script, it prints a table.
 *
 * @module
 */
import { createLogTree } from "../edge/log/log_tree.ts";
import { sqliteStore } from "../edge/sqlite/mod.ts";
import type { RoundStore } from "../edge/store.ts";
import { toHex } from "../src/core/bytes.ts";
import { systemClock } from "../src/core/clock.ts";
import { promptDigest } from "../src/core/digest.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { type Figure, median } from "./figure.ts";
import { renderFigures } from "./figure_table.ts";

const ENTRIES = 100_000;
const TASK = "a".repeat(64);
/** As long as what a round of a region logs. */
const BODY = "x".repeat(900);
const PAGE = 1000;
const PROOFS = 200;

/** Measures a tree made from nothing, one taken up again, and proofs. */
export async function measureLog(): Promise<Figure[]> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/region.db`;
    await using store = sqliteStore(path);
    await fill(store);
    const identity = await generateIdentity();
    const treeOf = () => createLogTree({ task: TASK, store, identity, clock: systemClock() });
    const wholeMs = await timed(() => readAll(store));
    const reference = { name: "reading all entries", value: wholeMs };
    const firstMs = await timed(() => treeOf().head());
    const againMs = median(await repeated(20, () => treeOf().head()));
    const tree = treeOf();
    await tree.head();
    const place = (turn: number) => 1 + (turn * 7919) % (ENTRIES - 1);
    const inclusion = await repeated(PROOFS, (turn) => tree.inclusion(place(turn), ENTRIES));
    const consistency = await repeated(PROOFS, (turn) => tree.consistency(place(turn), ENTRIES));
    return [
      {
        name: "the tree of a log of 100 000 entries made from its entries, once",
        value: firstMs,
        unit: "ms",
        reference,
      },
      {
        name: "its head after a restart",
        value: againMs,
        unit: "ms",
        reference,
        goal: { kind: "ratio at most", bound: 0.05 },
      },
      {
        name: "a proof of inclusion",
        value: median(inclusion),
        unit: "ms",
        reference,
        goal: { kind: "ratio at most", bound: 0.05 },
      },
      {
        name: "a proof of consistency",
        value: median(consistency),
        unit: "ms",
        reference,
        goal: { kind: "ratio at most", bound: 0.05 },
      },
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function fill(store: RoundStore): Promise<void> {
  for (let from = 0; from < ENTRIES; from += PAGE) {
    const log = Array.from({ length: PAGE }, (_, at) => {
      const seq = from + at;
      const hash = toHex(promptDigest(new TextEncoder().encode(`${seq}`)));
      return { seq, entry: { body: { seq, event: BODY }, hash } };
    });
    await store.write(TASK, from / PAGE, { record: null, log });
  }
}

async function readAll(store: RoundStore): Promise<void> {
  for (let from = 0; from < ENTRIES;) from += (await store.log(TASK, from, PAGE)).length;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function repeated(
  times: number,
  work: (turn: number) => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = [];
  for (let turn = 0; turn < times; turn++) took.push(await timed(() => work(turn)));
  return took;
}

if (import.meta.main) console.log(renderFigures(await measureLog()));

/**
 * Adult, dealt out over clients: the table that federated classifiers are measured on.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { openTable, openTableReading } from "../src/cli/simulate/table_file.ts";
import { deriveSeed, seededRng } from "../src/core/random.ts";
import { type EncodedTable, encodeTable, takeRows } from "../src/data/encode_table.ts";
import { inferSchema } from "../src/data/infer_schema.ts";
import { partitionDirichlet } from "../src/data/partition.ts";
import { tableWidth } from "../src/data/table_schema.ts";
import { auc } from "../src/metrics/mod.ts";

const DATA = new URL("../../shared/data/uci-adult/", import.meta.url);

/** What the columns mean, as `simulate` takes it. */
const SCHEMA = new URL("../examples/adult.json", import.meta.url);

/** Clients that the table is dealt out over. */
export const ADULT_CLIENTS = 1000;
/** Concentration of the Dirichlet distribution that each client's share of a label is drawn from. */
const ALPHA = 0.3;

/** What clients have, and what their common model is asked. */
export interface AdultWorld {
  /** Features of a row. */
  readonly width: number;
  /** All training rows: the official file. */
  readonly train: EncodedTable;
  /** The official test file. */
  readonly test: EncodedTable;
  /** Numbers of the rows of each client that has any. */
  readonly clients: readonly Uint32Array[];
}

/** Reads both files and deals out the first, the same way for the same number. */
export async function openAdult(number = 0): Promise<AdultWorld> {
  const { layout, meaning } = await openTableReading(fileURLToPath(SCHEMA));
  const open = async (name: string) =>
    (await openTable(fileURLToPath(new URL(name, DATA)), layout)).table;
  const [trainTable, testTable] = [await open("adult.data.gz"), await open("adult.test.gz")];
  const schema = inferSchema(trainTable, meaning);
  const train = encodeTable(trainTable, schema);
  const seed = await deriveSeed(new Uint8Array(32), "bench/adult", number);
  const parts = partitionDirichlet(train.labels, {
    parts: ADULT_CLIENTS,
    alpha: ALPHA,
    rng: seededRng(seed),
  });
  return {
    width: tableWidth(schema),
    train,
    test: encodeTable(testTable, schema),
    clients: parts,
  };
}

/** The rows of one client. */
export function clientRows({ train, clients }: AdultWorld, client: number): EncodedTable {
  return takeRows(train, clients[client] ?? new Uint32Array());
}

/** How well a model tells the rows of the test file. */
export interface AdultQuality {
  /** Area under the ROC curve. */
  readonly auc: number;
  /** Share of rows on the right side of one half. */
  readonly accuracy: number;
}

/**
 * The quality of scores for the rows of the test file.
 *
 * @param scores    One a row; higher means 1.
 * @param threshold Score from which a row counts as 1.
 */
export function judgeAdult(
  { test }: AdultWorld,
  { scores, threshold }: { readonly scores: ArrayLike<number>; readonly threshold: number },
): AdultQuality {
  const right = test.labels.reduce(
    (sum, label, row) => sum + Number(((scores[row] ?? NaN) >= threshold) === (label === 1)),
    0,
  );
  return { auc: auc(test.labels, scores) ?? NaN, accuracy: right / test.labels.length };
}

/**
 * Classifiers of a table's rows, dealt out over clients, compared with each client alone and with all
 * rows in one place.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { concatBytes, fromHex, toHex, utf8 } from "../../core/bytes.ts";
import { webDigest } from "../../core/digest.ts";
import { TributaryError } from "../../core/errors.ts";
import { deriveSeed, seededRng } from "../../core/random.ts";
import type { NamedTensors } from "../../core/tensor.ts";
import { type EncodedTable, encodeTable, takeRows } from "../../data/encode_table.ts";
import { inferSchema } from "../../data/infer_schema.ts";
import { partitionByRatio } from "../../data/partition.ts";
import { columnOf, type Table } from "../../data/read_table.ts";
import { tableWidth } from "../../data/table_schema.ts";
import { auc, brierScore, logLoss } from "../../metrics/mod.ts";
import { logistic, type LogisticModel, mlp, type MlpModel, modelFrom } from "../../models/mod.ts";
import type { TableExamples } from "../../models/model.ts";
import { sgd } from "../../nn/mod.ts";
import { fedAdam } from "../../strategy/mod.ts";
import { defineTask } from "../../task/mod.ts";
import type { Task } from "../../wire/task.ts";
import { runSeed } from "../demo/world.ts";
import { openTaskFile } from "../task_file.ts";
import { dealRows, type Partition } from "./partition.ts";
import type { Learned, MethodFigures, Scene, SceneOptions } from "./scene.ts";
import { openTable, openTableReading } from "./table_file.ts";

/** What a user may choose. */
export interface TableOptions extends SceneOptions {
  /** What clients train, where no task file says so. */
  readonly model: "logistic" | "mlp";
  /** File of the rows. */
  readonly data: string;
  /** File of rows for the test; a fifth of the rows if absent. */
  readonly test?: string;
  /** File that says what the columns mean. */
  readonly schema: string;
  /** How rows are dealt out. */
  readonly partition: Partition;
  /** Clients, where the table does not tell them. */
  readonly clients: number;
}

type Classifier = LogisticModel | MlpModel;

/** Of the rows, where no file is given for the test. */
const TEST_SHARE = 0.2;
/** Clients whose own training is measured: enough for a mean. */
const ALONE = 100;
/** Clients of few rows take few steps in a round, so that both sides step far. */
const CLIENT_RATE = 0.5;
const SERVER_RATE = { logistic: 0.2, mlp: 0.05 } as const;
/** No sum of so few values has to save bits. */
const SLOT_BITS = 32;

/**
 * Reads a table, and deals it out. The rows of the test are dealt out as well, as what clients
 * measure the received model on; nobody trains on them.
 *
 * @throws {TributaryError} `bad-data` if files cannot be read or do not fit the task, `task-refused`.
 */
export async function openTableScene(options: TableOptions): Promise<Scene> {
  const seed = await runSeed(options.seed);
  const rngOf = async (label: string) => seededRng(await deriveSeed(seed, label));
  const { layout, meaning } = await openTableReading(options.schema);
  const { table, source } = await openTable(options.data, layout);
  expectBothLabels(table, meaning.label);
  const schema = inferSchema(table, meaning);
  const all = encodeTable(table, schema);
  const official = options.test === undefined ? undefined : await openTable(options.test, layout);
  const width = tableWidth(schema);

  const dealt = dealRows(table, {
    ...{ way: options.partition, clients: options.clients, labels: all.labels },
    rng: await rngOf("partition"),
  });
  const { train, test } = official === undefined
    ? splitRows(all, await rngOf("test"))
    : { train: everyRow(all), test: encodeTable(official.table, schema) };
  const clients = dealt
    .map(({ id, rows }) => ({ id, examples: takeRows(all, rows.filter((row) => train.has(row))) }))
    .filter(({ examples }) => examples.labels.length > 0);
  const asked = options.partition.kind === "column" ? dealt.length : options.clients;
  const measured = dealEvenly(test, clients.length, await rngOf("measured"));
  const { task, model } = await taskOf(options, { width, clients, seed });

  return {
    data: {
      name: table.file,
      path: options.data,
      reading: {},
      digest: toHex(
        await webDigest(concatBytes([
          ...[source, ...official ? [official.source] : []].map(({ bytes }) => bytes),
          utf8(JSON.stringify({ schema, partition: options.partition, clients: clients.length })),
        ])),
      ),
      counts: {
        clients: clients.length,
        ...(asked > clients.length && { "without rows": asked - clients.length }),
        rows: train.size,
        features: width,
        "rows for the test": test.labels.length,
      },
    },
    task,
    clients: clients.map(({ id, examples }, at) => ({
      id,
      examples: { ...examples, evaluation: measured[at] ?? takeRows(test, new Uint32Array()) },
    })),
    figures: ["AUC", "accuracy", "log loss", "Brier"],
    about: `Of ${test.labels.length} rows that nobody trained on; "local only" is the mean over ` +
      `${Math.min(ALONE, clients.length)} clients.`,
    files: {},
    compare: (learned) =>
      compare(learned, { model, task, test, clients, all: takeRows(all, Uint32Array.from(train)) }),
  };
}

/** A misspelt value of the label would otherwise be learned to perfection: nobody has it. */
function expectBothLabels(
  table: Table,
  { name, positive }: { readonly name: string; readonly positive: readonly string[] },
): void {
  const isPositive = columnOf(table, name).map((text) => positive.includes(text));
  if (isPositive.includes(true) && isPositive.includes(false)) return;
  const lacking = isPositive.includes(true) ? "negative" : "positive";
  throw new TributaryError(
    "bad-data",
    `Cannot learn "${name}" from ${table.file}: none of its ${isPositive.length} rows is ` +
      `${lacking}, expected rows of both kinds`,
  );
}

function everyRow({ labels }: EncodedTable): Set<number> {
  return new Set(labels.keys());
}

function splitRows(
  all: EncodedTable,
  rng: Parameters<typeof partitionByRatio>[1]["rng"],
): { train: Set<number>; test: EncodedTable } {
  const ratios = [1 - TEST_SHARE, TEST_SHARE];
  const [train, test] = partitionByRatio(all.labels.length, { ratios, rng });
  return { train: new Set(train), test: takeRows(all, test ?? new Uint32Array()) };
}

function dealEvenly(
  test: EncodedTable,
  parts: number,
  rng: Parameters<typeof partitionByRatio>[1]["rng"],
): EncodedTable[] {
  const ratios = Array.from({ length: parts }, () => 1);
  return partitionByRatio(test.labels.length, { ratios, rng }).map((rows) => takeRows(test, rows));
}

async function taskOf(
  options: TableOptions,
  { width, clients, seed }: {
    readonly width: number;
    readonly clients: readonly { readonly examples: TableExamples }[];
    readonly seed: Uint8Array;
  },
): Promise<{ readonly task: Task; readonly model: Classifier }> {
  if (options.task !== undefined) {
    const task = await openTaskFile(options.task);
    return { task, model: classifierOf(task, width) };
  }
  const optimizer = sgd({ lr: CLIENT_RATE });
  const model = options.model === "logistic"
    ? logistic({ features: width, optimizer })
    : mlp({ features: width, optimizer });
  const count = clients.length;
  const task = defineTask({
    name: `${options.model} of ${options.data.split("/").at(-1)}`,
    model,
    strategy: fedAdam({ lr: SERVER_RATE[options.model] }),
    update: {
      slotBits: SLOT_BITS,
      weightCap: clients.reduce((most, { examples }) => Math.max(most, examples.labels.length), 1),
    },
    clients: { min: options.fewest?.(count) ?? count, max: count },
    ...(options.roundMs === undefined ? {} : { roundMs: options.roundMs }),
    stop: { rounds: options.rounds },
    seed: toHex(await deriveSeed(seed, "model")),
    ...(options.privacy && { privacy: options.privacy }),
  });
  return { task, model };
}

function classifierOf(task: Task, width: number): Classifier {
  const model = modelFrom(task.model, task.train);
  const { options } = model;
  const isBinary = options.kind === "logistic" ||
    (options.kind === "mlp" && options.output.kind === "binary");
  if (!isBinary) {
    refuse(`it trains ${options.kind}, expected logistic, or mlp with a binary output`);
  }
  if (options.features !== width) {
    refuse(`it has ${options.features} features, expected the ${width} of the table`);
  }
  return model as Classifier;
}

function refuse(found: string): never {
  throw new TributaryError("task-refused", `Cannot simulate the task with this table: ${found}`);
}

/** What is compared. */
interface Comparison {
  readonly model: Classifier;
  readonly task: Task;
  readonly test: EncodedTable;
  readonly clients: readonly { readonly examples: TableExamples }[];
  readonly all: EncodedTable;
}

async function compare(learned: Learned, comparison: Comparison): Promise<MethodFigures[]> {
  const { announce, core } = learned;
  const { model, clients, all } = comparison;
  const predictor = model.predictor(core);
  const figuresOf = async (tensors: NamedTensors) =>
    figures(comparison.test, await predictor(tensors, comparison.test.features));

  announce("local only");
  const alone: number[][] = [];
  const step = Math.max(1, clients.length / ALONE);
  for (let at = 0; at < clients.length && alone.length < ALONE; at += step) {
    const { examples } = clients[Math.floor(at)] ?? { examples: all };
    alone.push(await figuresOf(await trained(examples, learned, comparison)));
  }
  announce("federated");
  const federated = await figuresOf(learned.model);
  announce("central");
  const central = await figuresOf(await trained(all, learned, comparison));
  return [
    { method: "local only", figures: means(alone) },
    { method: "federated", figures: federated },
    { method: "central", figures: central },
  ];
}

/** The model after as many passes over some rows as a client takes over its own. */
async function trained(
  examples: TableExamples,
  { core, signal }: Learned,
  { model, task }: Comparison,
): Promise<NamedTensors> {
  const seed = fromHex(task.seed);
  const { kind, features, labels } = examples;
  const trainer = model.trainer({ core, examples: { kind, features, labels } });
  let weights = model.initial(seed);
  for (let round = 1; round <= task.stop.rounds; round++) {
    const own = await deriveSeed(seed, "compared", round);
    const contribution = await trainer(weights, { round, seed: own, signal });
    if (contribution.kind === "sums") throw new TypeError("Cannot train alone: it gives sums");
    weights = contribution.weights;
    // Ctrl-C is heard between two passes.
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  return weights;
}

function figures({ labels }: EncodedTable, probabilities: Float32Array): number[] {
  const right = labels.reduce(
    (sum, label, row) => sum + Number((probabilities[row] ?? NaN) >= 0.5 === (label === 1)),
    0,
  );
  return [
    auc(labels, probabilities) ?? NaN,
    right / labels.length,
    logLoss(labels, probabilities),
    brierScore(labels, probabilities),
  ];
}

function means(rows: readonly (readonly number[])[]): number[] {
  const [first = []] = rows;
  return first.map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? NaN), 0) / rows.length);
}

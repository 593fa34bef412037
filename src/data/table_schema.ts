/**
 * What the columns of a table mean to a model: plain JSON that all clients of a task share.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../core/errors.ts";
import { finite, positive } from "../core/options.ts";

/**
 * What becomes of a cell that a column's own features do not cover: a feature of its own, zeros
 * alone (for a number: its mean), or an error that names the line.
 */
export type Uncovered = "slot" | "zeros" | "refuse";

/** A column of numbers. */
export interface NumericColumn {
  /** Tells the kinds of columns apart. */
  readonly kind: "numeric";
  /** Its name in the table. A table's column may be used by several columns of a schema. */
  readonly name: string;
  /** What is subtracted: the mean over the training rows. */
  readonly center: number;
  /** What the rest is divided by: the standard deviation over the training rows; above 0. */
  readonly scale: number;
  /** Whether `center`, `scale` and `edges` are of ln(1 + x); then every x is above −1. */
  readonly log1p?: boolean | undefined;
  /**
   * Ascending edges. With them there is one feature a bucket, 1 for the bucket that the number is
   * in and 0 for the others, instead of the number itself; an edge begins the upper bucket.
   */
  readonly edges?: readonly number[] | undefined;
  /** What becomes of a missing number. */
  readonly missing: Uncovered;
}

/** A column of names, each with a feature that is 1 where the name stands and 0 elsewhere. */
export interface CategoricalColumn {
  /** Tells the kinds of columns apart. */
  readonly kind: "categorical";
  /** Its name in the table. */
  readonly name: string;
  /** The names that have a feature, in the order of the features. */
  readonly values: readonly string[];
  /** What becomes of any other name. */
  readonly unknown: Uncovered;
  /** What becomes of a missing name. */
  readonly missing: Uncovered;
}

/** A column as features. */
export type TableColumn = NumericColumn | CategoricalColumn;

/** The column that is to be told from the others. */
export interface LabelColumn {
  /** Its name in the table. */
  readonly name: string;
  /** Its values that count as 1. */
  readonly positive: readonly string[];
  /** Its values that count as 0; any other is refused. */
  readonly negative: readonly string[];
}

/** What a table's columns mean. */
export interface TableSchema {
  /** Columns in the order of their features; others of the table are not looked at. */
  readonly columns: readonly TableColumn[];
  /** What is learned. */
  readonly label: LabelColumn;
  /** Texts that stand for a missing cell. */
  readonly missing: readonly string[];
}

/** Most features of a row. */
const WIDTH_LIMIT = 2 ** 20;

const name = v.pipe(v.string("must be a text"), v.nonEmpty("must not be empty"));
const uncovered = v.picklist(["slot", "zeros", "refuse"], "must be slot, zeros or refuse");
const texts = v.pipe(
  v.array(v.string("must be a text"), "must be a list of texts"),
  v.check((list) => new Set(list).size === list.length, "must hold each text once"),
);
const edges = v.pipe(
  v.array(finite("an edge"), "must be a list of numbers"),
  v.nonEmpty("must hold a number"),
  v.check(
    (list) => list.every((edge, at) => at === 0 || edge > (list[at - 1] ?? edge)),
    "must ascend",
  ),
);

const schema: v.GenericSchema<unknown, TableSchema> = v.strictObject({
  columns: v.pipe(
    v.array(
      v.variant("kind", [
        v.strictObject({
          kind: v.literal("numeric"),
          name,
          center: finite("center"),
          scale: positive("scale"),
          log1p: v.optional(v.boolean("must be true or false")),
          edges: v.optional(edges),
          missing: uncovered,
        }),
        v.strictObject({
          kind: v.literal("categorical"),
          name,
          values: texts,
          unknown: uncovered,
          missing: uncovered,
        }),
      ], "must be numeric or categorical"),
      "must be a list of columns",
    ),
    v.nonEmpty("must hold a column"),
    v.check(
      (columns) => columns.reduce((sum, column) => sum + columnWidth(column), 0) <= WIDTH_LIMIT,
      `must give at most ${WIDTH_LIMIT} features`,
    ),
  ),
  label: v.pipe(
    v.strictObject({
      name,
      positive: v.pipe(texts, v.nonEmpty("must hold a value")),
      negative: v.pipe(texts, v.nonEmpty("must hold a value")),
    }),
    v.check(
      ({ positive, negative }) => !positive.some((value) => negative.includes(value)),
      "positive and negative must have no value in common",
    ),
  ),
  missing: texts,
});

/**
 * A schema out of unknown data, such as a task's JSON.
 *
 * @throws {TributaryError} `bad-data`, naming the first part that does not fit.
 */
export function tableSchema(value: unknown): TableSchema {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new TributaryError(
    "bad-data",
    `Cannot use the schema of a table: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`,
  );
}

/** How many features a row has: the model's inputs. */
export function tableWidth({ columns }: Pick<TableSchema, "columns">): number {
  return columns.reduce((sum, column) => sum + columnWidth(column), 0);
}

/** How many features a column has. */
export function columnWidth(column: TableColumn): number {
  const slots = ownFeatures(column) + (column.missing === "slot" ? 1 : 0);
  return slots + (column.kind === "categorical" && column.unknown === "slot" ? 1 : 0);
}

/** Features of the column's numbers or names, which come before those of what they leave out. */
export function ownFeatures(column: TableColumn): number {
  if (column.kind === "categorical") return column.values.length;
  return column.edges === undefined ? 1 : column.edges.length + 1;
}

/**
 * What each feature stands for, such as `age`, `age < 30`, `job = clerk`, `job = (missing)`.
 *
 * @example
 * ```ts
 * import { featureNames } from "./table_schema.ts";
 *
 * const names = featureNames({
 *   columns: [
 *     { kind: "numeric", name: "age", center: 40, scale: 10, edges: [30], missing: "zeros" },
 *     { kind: "categorical", name: "job", values: ["clerk"], unknown: "slot", missing: "zeros" },
 *   ],
 * });
 * if (names.join("; ") !== "age < 30; 30 <= age; job = clerk; job = (other)") throw new Error();
 * ```
 */
export function featureNames({ columns }: Pick<TableSchema, "columns">): readonly string[] {
  return columns.flatMap((column) => {
    const { name, missing } = column;
    const rest = missing === "slot" ? [`${name} = (missing)`] : [];
    if (column.kind === "categorical") {
      const other = column.unknown === "slot" ? [`${name} = (other)`] : [];
      return [...column.values.map((value) => `${name} = ${value}`), ...other, ...rest];
    }
    return [...numericNames(column), ...rest];
  });
}

function numericNames({ name, edges, log1p }: NumericColumn): readonly string[] {
  const number = log1p === true ? `ln(1 + ${name})` : name;
  if (edges === undefined) return [number];
  return [...edges, Infinity].map((upper, bucket) => {
    const lower = edges[bucket - 1];
    const from = lower === undefined ? "" : `${lower} <= `;
    return `${from}${number}${upper === Infinity ? "" : ` < ${upper}`}`;
  });
}

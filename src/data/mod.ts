/**
 * Ratings and tables out of files: readers, splits, negatives, partitions, a generator, a baseline.
 *
 * @module
 */
export type { Catalogue, History, Interactions } from "./interactions.ts";
export { alignItems, ratingCount } from "./interactions.ts";
export type { SourceFile } from "./source_file.ts";
export type { ColumnMap } from "./read_csv.ts";
export { readCsv } from "./read_csv.ts";
export * from "./read_movielens_csv.ts";
export * from "./read_u_data.ts";
export * from "./read_ratings_dat.ts";
export type { Repeats } from "./rating_table.ts";
export type { EventOptions } from "./read_baskets.ts";
export { readBaskets } from "./read_baskets.ts";
export * from "./read_sequences.ts";
export * from "./read_msweb.ts";
export * from "./gzip.ts";
export type { FieldsFiles } from "./read_fields.ts";
export * from "./read_ratings.ts";
export * from "./read_table.ts";
export type {
  CategoricalColumn,
  LabelColumn,
  NumericColumn,
  TableColumn,
  TableSchema,
  Uncovered,
} from "./table_schema.ts";
export { featureNames, tableSchema, tableWidth } from "./table_schema.ts";
export * from "./infer_schema.ts";
export type { EncodedTable } from "./encode_table.ts";
export { encodeTable, takeRows } from "./encode_table.ts";
export * from "./split.ts";
export * from "./negatives.ts";
export * from "./partition.ts";
export * from "./synthetic.ts";
export * from "./popularity.ts";
export * from "./keep_popular.ts";
export { deriveSeed, seededRng } from "../core/random.ts";
export type { Rng } from "../core/random.ts";

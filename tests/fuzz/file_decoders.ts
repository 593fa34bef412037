/**
 * Files: models, data, and what the command line reads.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { concatBytes, utf8 } from "../../src/core/bytes.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
} from "../../src/core/safetensors.ts";
import { openExamples } from "../../src/cli/examples_file.ts";
import { openItems } from "../../src/cli/items_file.ts";
import { openIdentity } from "../../src/cli/key_file.ts";
import { readLogFile } from "../../src/cli/log_file.ts";
import { parseColumns } from "../../src/cli/data_files.ts";
import { openRunFile } from "../../src/cli/run_file.ts";
import { openTableReading } from "../../src/cli/simulate/table_file.ts";
import { openTaskFile } from "../../src/cli/task_file.ts";
import { encodeTable } from "../../src/data/encode_table.ts";
import { unpackGzip } from "../../src/data/gzip.ts";
import { inferSchema } from "../../src/data/infer_schema.ts";
import { readBaskets } from "../../src/data/read_baskets.ts";
import { readCsv } from "../../src/data/read_csv.ts";
import { readMovieLensCsv } from "../../src/data/read_movielens_csv.ts";
import { readMsweb } from "../../src/data/read_msweb.ts";
import { readRatingsDat } from "../../src/data/read_ratings_dat.ts";
import { readSequences } from "../../src/data/read_sequences.ts";
import { readTable } from "../../src/data/read_table.ts";
import { readUData } from "../../src/data/read_u_data.ts";
import { checkTask } from "../../src/task/check_task.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { mf } from "../../src/models/mod.ts";
import { readJsonMessage } from "../../src/wire/message.ts";
import { readTask } from "../../src/wire/task.ts";
import * as v from "valibot";
import { bytesDecoder, type Decoder, readerOnly } from "./decoder.ts";
import { LOG, PARTY, SIGNED_TASKS } from "./messages.ts";

const model = encodeSafetensors({
  w: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  b: { shape: [], data: Float32Array.of(7) },
}, { made: "here" });

/** The same bytes in another file of the same meaning: spaces end the header. */
const other = concatBytes([model.subarray(0, 8), model.subarray(8)]);

const models: readonly Decoder[] = [
  bytesDecoder("a model", [model], (bytes) => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const again = encodeSafetensors(tensors, metadata);
    // Order and spaces of the header are free; what is encoded reads the same.
    const read = decodeSafetensors(again);
    const same = JSON.stringify(read) === JSON.stringify({ metadata, tensors: read.tensors });
    return same && again.length > 0 ? bytes : again;
  }),
  readerOnly({ name: "any safetensors", samples: [model, other], form: "bytes" }, readSafetensors),
];

const file = (bytes: Uint8Array) => ({ name: "case.txt", bytes });
const text = (name: string, sample: string, read: (bytes: Uint8Array) => unknown): Decoder =>
  readerOnly({ name, samples: [utf8(sample)], form: "text" }, read);

const TABLE = `age,work,income\n39,private,low\n50,,high\n"38","gov, local",low\n`;

const data: readonly Decoder[] = [
  text(
    "ratings.csv",
    `userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n7,31,4,851868750\n`,
    (bytes) => readMovieLensCsv({ ratings: file(bytes) }),
  ),
  text("movies.csv", `movieId,title,genres\n31,"Dangerous, Minds",Drama\n`, (bytes) => {
    const ratings = utf8(`userId,movieId,rating,timestamp\n1,31,2.5,12\n`);
    return readMovieLensCsv({ ratings: file(ratings), movies: file(bytes) });
  }),
  text("a CSV file of ratings", `a,b,c\nann,"tea ""x""",4\nbob,milk,5\n`, (bytes) => {
    return readCsv(file(bytes), { columns: { user: "a", item: "b", rating: "c" } });
  }),
  text("u.data", `196\t242\t3\t881250949\n186\t302\t3\t891717742\n`, (bytes) => {
    return readUData({ ratings: file(bytes) });
  }),
  text("ratings.dat", `1::1193::5::978300760\n1::661::3::978302109\n`, (bytes) => {
    return readRatingsDat({ ratings: file(bytes) });
  }),
  text("movies.dat", `1193::One Flew (1975)::Drama\n`, (bytes) => {
    return readRatingsDat({ ratings: file(utf8("1::1193::5::9\n")), titles: file(bytes) });
  }),
  text(
    "msweb",
    `I,4,"www"\nA,1287,1,"International","/intl"\nC,"10001",10001\nV,1287,1\n`,
    (bytes) => readMsweb(file(bytes)),
  ),
  text("baskets", `ann tea milk\nbob milk\n`, (bytes) => readBaskets(file(bytes))),
  text("sequences", `ann home 1\nann news 2\n`, (bytes) => readSequences(file(bytes))),
  text("a table", TABLE, (bytes) => {
    const table = readTable(file(bytes));
    const label = { name: "income", positive: ["high"], negative: ["low"] };
    return encodeTable(table, inferSchema(table, { label }));
  }),
  readerOnly({
    name: "a file by gzip",
    samples: [new Uint8Array(gzipSync(TABLE)), utf8(TABLE)],
    form: "bytes",
  }, (bytes) => unpackGzip(file(bytes))),
  text("names of columns", "user=customer,item=sku,rating=stars", (bytes) => {
    return parseColumns(new TextDecoder().decode(bytes));
  }),
];

/** Where files of cases lie; removed when the process ends. */
let folder: string | undefined;

function folderOfCases(): string {
  if (folder === undefined) {
    const made = folder = Deno.makeTempDirSync();
    globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
  }
  return folder;
}

/** A decoder of a file that the command line opens by its path. */
function onDisk(
  { name, samples, form }: Omit<Decoder, "decode">,
  open: (path: string) => Promise<unknown>,
): Decoder {
  return readerOnly({ name, samples, form }, async (bytes) => {
    const path = `${folderOfCases()}/case`;
    await Deno.writeFile(path, bytes);
    await open(path);
  });
}

function onDiskJson(
  name: string,
  sample: unknown,
  open: (path: string) => Promise<unknown>,
): Decoder {
  return onDisk({ name, samples: [utf8(JSON.stringify(sample))], form: "json" }, open);
}

const definition = {
  name: "films",
  model: { kind: "mf", items: 30, dim: 4 },
  train: { clip: 1 },
  clients: { min: 5, max: 50 },
  stop: { rounds: 3 },
};

const key = await crypto.subtle.exportKey(
  "pkcs8",
  await crypto.subtle.importKey(
    "pkcs8",
    concatBytes([
      Uint8Array.fromHex("302e020100300506032b657004220420"),
      new Uint8Array(32).fill(3),
    ]),
    "Ed25519",
    true,
    ["sign"],
  ),
);

const task = defineTask({
  name: "films",
  model: mf({ items: 30, dim: 4 }),
  clients: { min: 5, max: 50 },
  stop: { rounds: 3 },
  seed: "04".repeat(32),
});

const commands: readonly Decoder[] = [
  readerOnly({
    name: "a log file",
    samples: [
      utf8(JSON.stringify({ signed: SIGNED_TASKS[0], signer: PARTY.publicKey, entries: LOG })),
    ],
    form: "json",
  }, readLogFile),
  onDiskJson("a task file", definition, (path) => openTaskFile(path)),
  onDiskJson(
    "a run file",
    { seed: 7, task, data: { path: "x", reading: {} }, model: { digest: "00" } },
    openRunFile,
  ),
  onDiskJson("an examples file", { values: { age: 3, years: [1, 2] } }, openExamples),
  onDiskJson("a table's schema", {
    header: ["a", "b"],
    label: { name: "b", positive: ["1"] },
    columns: { a: { kind: "numeric", buckets: 4 } },
  }, openTableReading),
  onDisk({
    name: "a file of items",
    samples: [utf8(`item,title\n"1","One, two"\n"2","Three"\n`)],
    form: "text",
  }, openItems),
  onDisk({ name: "a key file", samples: [new Uint8Array(key)], form: "bytes" }, openIdentity),
];

/** What a device makes of a task, once it is one. */
const tasks: readonly Decoder[] = [
  readerOnly(
    { name: "a task to take part in", samples: [utf8(JSON.stringify(task))], form: "json" },
    (bytes) => {
      const form = { what: "a task", code: "task-refused" } as const;
      return checkTask(readTask(readJsonMessage(v.unknown(), bytes, form)));
    },
  ),
];

/** All of them. */
export const FILE_DECODERS: readonly Decoder[] = [...models, ...data, ...commands, ...tasks];

/**
 * Fills a disk of a few megabytes, told by its first argument, with a store's writes, makes room again,
 * and says as one line of JSON what came of each.
 *
 * @module
 */
import { join } from "node:path";
import { sqliteHelperStore } from "./helper_store.ts";
import { sqliteStore } from "./store.ts";

const TASK = "a".repeat(64);

/** What was found. */
export interface FullDisk {
  /** Writes that were acknowledged before the disk was full. */
  readonly written: number;
  /** What the one after them, a `put` and an answer were refused with. */
  readonly refusals: readonly string[];
  /** Version and slices that the store has then, and once it was opened again. */
  readonly kept: readonly (readonly [number, number])[];
  /** Whether writes go on once there is room. */
  readonly goesOn: boolean;
  /** Whether the sid that could not be answered still has no answer, and gets one then. */
  readonly answered: readonly boolean[];
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  return await work.then(() => "none", (error) => `${error.code}: ${error.message}`);
}

async function main(folder: string): Promise<FullDisk> {
  const ballast = join(folder, "ballast");
  await Deno.writeFile(ballast, new Uint8Array(2 << 20));
  const path = join(folder, "store.db");
  let store = sqliteStore(path);
  const helper = sqliteHelperStore(join(folder, "helper.db"));
  const write = (version: number) =>
    store.write(TASK, version, {
      record: version,
      slices: [{
        name: `sum/${version}`,
        index: 0,
        bytes: new Uint8Array(256 << 10).fill(version),
      }],
    });
  const keptNow = async () =>
    [
      (await store.read(TASK))?.version ?? 0,
      (await store.sliceNames(TASK, "sum/")).length,
    ] as const;
  const answer = {
    ...{ sid: "5".repeat(64), task: TASK, round: 1, clients: 2, members: "d".repeat(64) },
    answer: new Uint8Array(1 << 20),
  };

  let written = 0;
  let refusal = "none";
  while (refusal === "none" && written < 1000) {
    refusal = await refusalOf(write(written));
    if (refusal === "none") written++;
  }
  const staged = { name: "upload", index: 0, bytes: new Uint8Array(1 << 20) };
  const refusals = [
    refusal,
    await refusalOf(store.put(TASK, [staged])),
    await refusalOf(helper.putAnswer(answer)),
  ];
  const kept = [await keptNow()];
  const answered = [await helper.answer(answer.sid) === undefined];
  await Deno.remove(ballast);
  const goesOn = await write(written);
  await helper.putAnswer(answer);
  answered.push((await helper.answer(answer.sid))?.answer?.length === 1 << 20);
  await store[Symbol.asyncDispose]();
  store = sqliteStore(path);
  kept.push(await keptNow());
  await store[Symbol.asyncDispose]();
  await helper[Symbol.asyncDispose]();
  return { written, refusals, kept, goesOn, answered };
}

console.log(JSON.stringify(await main(Deno.args[0] ?? "")));

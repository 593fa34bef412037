/**
 * `tributary recommend`: the best items for one person, by a model from a file.
 *
 * @module
 */
import { Command } from "commander";
import { dirname, join } from "node:path";
import { inlineCores } from "../../client/cores.ts";
import { memoryState } from "../../client/memory_state.ts";
import { toHex } from "../../core/bytes.ts";
import { TributaryError } from "../../core/errors.ts";
import { decodeSafetensors } from "../../core/safetensors.ts";
import type { NamedTensors } from "../../core/tensor.ts";
import type { Interactions } from "../../data/interactions.ts";
import { type IalsModel, type MfModel, modelFrom } from "../../models/mod.ts";
import type { Task } from "../../wire/task.ts";
import { wholeNumber } from "../arguments.ts";
import { openInteractions } from "../demo/world.ts";
import { nativeDigest } from "../../../edge/deno/mod.ts";
import { itemsDigest } from "../items_file.ts";
import { type Reading, readingOf, readingOptions } from "../reading.ts";
import { recommendFor } from "../recommend_for.ts";
import { openRunFile } from "../run_file.ts";
import type { Terminal } from "../terminal.ts";

interface Options extends Reading {
  readonly model: string;
  readonly user: string;
  readonly data?: string;
  readonly count: number;
}

/** The command. It prints one line an item, best first. */
export function recommendCommand(terminal: Terminal): Command {
  const command = new Command("recommend")
    .description("Print the best items for one person")
    .requiredOption("--model <file>", "model.safetensors, with the run.json of its run beside it")
    .requiredOption("--user <id>", "person, by the id that the ratings have")
    .option("--data <path>", "ratings; by default those of the run");
  return readingOptions(command)
    .option("--count <n>", "how many items", wholeNumber(1, 1000), 10)
    .action(async (options: Options) => {
      const run = await openRunFile(join(dirname(options.model), "run.json"));
      const path = options.data ?? run.data.path ?? undefined;
      const reading = { ...run.data.reading, ...readingOf(options) };
      const data = await openInteractions({ path, reading, seed: run.seed });
      const tensors = await openModel(options.model, run.model.digest);
      const items = await recommendFor(options.user, {
        data,
        tensors,
        core: (await inlineCores()).train,
        model: await modelOf(run.task, data),
        state: memoryState(),
        count: options.count,
      });
      items.forEach(({ title }, at) => terminal.print(`${String(at + 1).padStart(3)}  ${title}`));
    });
}

async function modelOf(task: Task, data: Interactions): Promise<IalsModel | MfModel> {
  const model = modelFrom(task.model, task.train);
  if (!("items" in model.options)) {
    throw new TributaryError(
      "bad-data",
      `Cannot recommend by a model of kind ${model.options.kind}: expected mf or ials`,
    );
  }
  if (model.options.items !== data.items.length) {
    throw new TributaryError(
      "bad-data",
      `Cannot use these ratings: they have ${data.items.length} items, the model ${model.options.items}`,
    );
  }
  if (task.catalogue !== undefined && await itemsDigest(data.items) !== task.catalogue) {
    throw new TributaryError(
      "bad-data",
      "Cannot use these ratings: their items are not the model's, expected the ratings of its run",
    );
  }
  return model as IalsModel | MfModel;
}

async function openModel(path: string, digest: string): Promise<NamedTensors> {
  const bytes = await Deno.readFile(path).catch((cause) => {
    throw new TributaryError("bad-tensors", `Cannot open ${path}: expected a model`, { cause });
  });
  const found = toHex(await nativeDigest(bytes));
  if (found !== digest) {
    throw new TributaryError(
      "model-invalid",
      `Cannot use ${path}: its digest is ${found}, expected ${digest} by the run.json beside it`,
    );
  }
  return decodeSafetensors(bytes).tensors;
}

/**
 * `tributary root`: the root of a tree and owner of a task, until it is stopped.
 *
 * @module
 */
import { Command } from "commander";
import { inlineCores } from "../../client/cores.ts";
import { fromHex } from "../../core/bytes.ts";
import { modelFrom } from "../../models/mod.ts";
import { strategyFrom } from "../../strategy/mod.ts";
import { describeTask } from "../../task/mod.ts";
import { signTask, taskId } from "../../wire/task.ts";
import { serverTerminal } from "../observe_options.ts";
import { addServeOptions, type ServeFlags, serveUntilStopped } from "../serve_command.ts";
import { openTaskFile } from "../task_file.ts";
import type { Terminal } from "../terminal.ts";

interface Options extends ServeFlags {
  readonly task: string;
  readonly items?: string;
}

/** The command. It opens rounds, steps the model, and publishes it. */
export function rootCommand(terminal: Terminal): Command {
  const command = new Command("root")
    .description("Run the root of a tree: own a task, open its rounds, publish its models")
    .requiredOption("--task <file>", "what to learn, as JSON; see examples/films.json")
    .option("--items <file>", "the items that the model's rows stand for; clients must have them");
  return addServeOptions(command, "root").action(async (options: Options) => {
    const task = await openTaskFile(options.task, options.items);
    const { train: core } = await inlineCores();
    const id = await taskId(task);
    const role = { only: id, strategy: (of: typeof task) => strategyFrom(of.strategy, core) };
    await serveUntilStopped(terminal, options, role, async ({ aggregator }, identity) => {
      const signed = await signTask(task, identity);
      const model = modelFrom(task.model, task.train).initial(fromHex(task.seed));
      await aggregator.own({ signed, model });
      const { print } = serverTerminal(terminal, options);
      print(`task ${id}`);
      print(describeTask(task));
    });
  });
}

/**
 * `tributary root`: the root of a tree and owner of a task, until it is stopped.
 *
 * @module
 */
import { Command } from "commander";
import { inlineCores } from "../../client/cores.ts";
import { strategyFrom } from "../../strategy/mod.ts";
import { describeTask } from "../../task/mod.ts";
import type { Identity } from "../../core/identity.ts";
import { type SignedTask, signTask, signTaskFor, type Task, taskId } from "../../wire/task.ts";
import { firstModel } from "../first_model.ts";
import { openIdentity } from "../key_file.ts";
import { serverTerminal } from "../observe_options.ts";
import { addServeOptions, type ServeFlags, serveUntilStopped } from "../serve_command.ts";
import { openTaskFile } from "../task_file.ts";
import type { Terminal } from "../terminal.ts";

interface Options extends ServeFlags {
  readonly ownerKey?: string;
  readonly task: string;
  readonly items?: string;
  readonly model?: string;
}

/** The command. It opens rounds, steps the model, and publishes it. */
export function rootCommand(terminal: Terminal): Command {
  const command = new Command("root")
    .description("Run the root of a tree: own a task, open its rounds, publish its models")
    .requiredOption("--task <file>", "what to learn, as JSON; see examples/films.json")
    .option(
      "--owner-key <file>",
      "key that signs a new task; may lie elsewhere afterwards. Without it the root's own signs",
    )
    .option(
      "--model <file>",
      "model.safetensors that a new task begins with, such as the last one of the task before it",
    )
    .option("--items <file>", "the items that the model's rows stand for; clients must have them");
  return addServeOptions(command, "root").action(async (options: Options) => {
    const task = await openTaskFile(options.task, options.items);
    const { train: core } = await inlineCores();
    const id = await taskId(task);
    const role = { only: id, strategy: (of: typeof task) => strategyFrom(of.strategy, core) };
    await serveUntilStopped(terminal, options, role, async ({ aggregator }, identity) => {
      // What the store has stays as its owner signed it.
      if (!aggregator.tasks.has(id)) {
        const model = await firstModel(task, options.model);
        await aggregator.own({ signed: await signed(task, { ...options, identity }), model });
      }
      const { print } = serverTerminal(terminal, options);
      print(`task ${id}`);
      print(describeTask(task));
    });
  });
}

/** The task under its owner's signature. */
async function signed(
  task: Task,
  { identity, ownerKey }: { readonly identity: Identity; readonly ownerKey?: string },
): Promise<SignedTask> {
  if (ownerKey === undefined) return await signTask(task, identity);
  const owner = await openIdentity(ownerKey);
  return await signTaskFor(task, { owner, root: identity.publicKey });
}

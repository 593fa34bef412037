/**
 * `tributary region`: a region of a tree, until it is stopped.
 *
 * @module
 */
import { Command } from "commander";
import { httpUrl, secretOption } from "../arguments.ts";
import { serverTerminal } from "../observe_options.ts";
import { addServeOptions, type ServeFlags, serveUntilStopped } from "../serve_command.ts";
import { announceOutages } from "../outage.ts";
import type { Terminal } from "../terminal.ts";

interface Options extends ServeFlags {
  readonly parent: string;
  readonly parentToken?: string;
  readonly task?: string;
}

/** The command. It sums what its members send, and forwards the sums. */
export function regionCommand(terminal: Terminal): Command {
  const command = new Command("region")
    .description("Run a region: sum what clients or regions send, and forward it")
    .requiredOption("--parent <url>", "address of the root, or of the region above", httpUrl)
    .addOption(secretOption({
      flags: "--parent-token <token>",
      what: "token of a parent that asks for one",
      variable: "TRIBUTARY_PARENT_TOKEN",
    }))
    .option("--task <digest>", "which task, where the parent has several");
  return addServeOptions(command, "region").action(async (options: Options) => {
    const { parent: url, parentToken: token, task } = options;
    await serveUntilStopped(terminal, options, {
      ...(task === undefined ? {} : { only: task }),
      fetch: announceOutages(`the parent at ${url}`, serverTerminal(terminal, options).warn),
      parent: {
        url,
        ...(token === undefined ? {} : { token }),
        ...(task === undefined ? {} : { task }),
      },
    });
  });
}

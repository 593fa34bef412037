/**
 * All commands under one name, and what their ends mean to a shell.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { clientCommand } from "./commands/client.ts";
import { demoCommand } from "./commands/demo.ts";
import { drainCommand, rekeyCommand } from "./commands/drain.ts";
import { helperCommand } from "./commands/helper.ts";
import { helperKeysCommand } from "./commands/helper_keys.ts";
import { inviteCommand, membersCommand, revokeCommand } from "./commands/members.ts";
import { privacyCommand } from "./commands/privacy.ts";
import { recommendCommand } from "./commands/recommend.ts";
import { regionCommand } from "./commands/region.ts";
import { rootCommand } from "./commands/root.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { statisticsCommand } from "./commands/statistics.ts";
import { verifyLogCommand } from "./commands/verify_log.ts";
import { Interrupted } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

/**
 * Runs one command.
 *
 * @param args     Arguments after the program's name.
 * @param terminal Where it prints.
 * @returns The exit code: 0 done, 1 failed, 2 called wrongly, 130 interrupted.
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command("tributary")
    .description("Federated learning through a tree of HTTP aggregators.")
    .version(VERSION);
  for (
    const make of [
      demoCommand,
      simulateCommand,
      rootCommand,
      regionCommand,
      helperCommand,
      helperKeysCommand,
      membersCommand,
      inviteCommand,
      revokeCommand,
      drainCommand,
      rekeyCommand,
      clientCommand,
      privacyCommand,
      recommendCommand,
      statisticsCommand,
      verifyLogCommand,
    ]
  ) program.addCommand(make(terminal));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showSuggestionAfterError(false).allowExcessArguments(false)
      .configureOutput({
        writeOut: (text) => terminal.print(text.replace(/\n$/, "")),
        // The line is printed below, once, whatever the library would say.
        writeErr: () => {},
      });
  }
  if (args.length === 0) {
    terminal.print(program.helpInformation().replace(/\n$/, ""));
    return 2;
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return exitCode(error, terminal);
  }
}

function exitCode(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    terminal.warn(`tributary: ${message} (see --help)`);
    return 2;
  }
  if (error instanceof Interrupted) {
    terminal.warn(`tributary: ${error.message}`);
    return 130;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.warn(`tributary: ${message.split("\n", 1)[0]}`);
  return 1;
}

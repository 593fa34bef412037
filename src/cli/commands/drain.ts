/**
 * `tributary drain` and `tributary rekey`: a region hands its work on, or goes on under another key.
 *
 * @module
 */
import { Command } from "commander";
import { openStore } from "../../../edge/deno/mod.ts";
import { rekeyRegion } from "../../../edge/mod.ts";
import { openIdentity } from "../key_file.ts";
import { operate, operatorCommand, type OperatorFlags } from "../operate.ts";
import type { Terminal } from "../terminal.ts";

/** Has a region end gracefully. */
export function drainCommand(terminal: Terminal): Command {
  return operatorCommand("drain", "Have a region hand its work on, leave its parent, and end")
    .option("--resume", "have one that drains work again")
    .action(async (url: string, { resume, ...flags }: OperatorFlags & { resume?: boolean }) => {
      const { peer, region } = await operate(url, flags);
      await peer.drain({ region, isDraining: !resume });
      terminal.print(
        resume ? "it works again" : "it drains; it ends once its open round is handed on",
      );
    });
}

interface RekeyFlags {
  readonly store: string;
  readonly identity: string;
  readonly newIdentity: string;
}

/** Has a region's store go on under another key. */
export function rekeyCommand(terminal: Terminal): Command {
  return new Command("rekey")
    .description("Have a stopped region go on under another key; drain it first")
    .requiredOption("--store <where>", "its SQLite file, or postgres://…?schema=<name>")
    .requiredOption("--identity <file>", "its key")
    .requiredOption("--new-identity <file>", "its next key; made if it is not there")
    .action(async ({ store: where, identity, newIdentity }: RekeyFlags) => {
      const from = await openIdentity(identity);
      const to = await openIdentity(newIdentity);
      await using store = await openStore(where);
      await rekeyRegion(store, { from, to });
      terminal.print(`goes on as ${to.id}: start it with --identity ${newIdentity}`);
    });
}

/**
 * The command line: `tributary <command>`.
 *
 * Exit codes: 0 done, 1 the command failed, 2 it was called wrongly, 130 it was interrupted.
 *
 * @module
 */
import process from "node:process";
import { runProgram } from "./program.ts";

if (import.meta.main) {
  process.exitCode = await runProgram(Deno.args, {
    print: (line) => console.log(line),
    warn: (line) => console.error(line),
    live: Deno.stdout.isTerminal(),
    stream: process.stdout,
  });
}

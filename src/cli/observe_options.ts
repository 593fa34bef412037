/**
 * What a server shows of itself: its log as text or JSON, figures, and a page.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { dashboard } from "../../edge/dashboard/mod.ts";
import type { Logger, LogLine, Observer } from "../../edge/mod.ts";
import { jsonLineOf, jsonLines, prometheus } from "../../edge/observe/mod.ts";
import { systemClock } from "../core/clock.ts";
import { secretOption } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

/** Flags of every server about what it shows. */
export interface ObserveFlags {
  /** Form of its log. */
  readonly log: "text" | "json";
  /** Whether there is `/metrics`. */
  readonly metrics: boolean;
  /** Whether there is `/dashboard`. */
  readonly dashboard?: boolean;
  /** Token that whoever runs it knows. */
  readonly operatorToken?: string;
}

/** Adds the flags. */
export function addObserveOptions(
  command: Command,
  { hasPage }: {
    /** Whether the server has tasks to show on a page. */
    readonly hasPage: boolean;
  },
): Command {
  command
    .addOption(
      new Option("--log <form>", "how it says what happens; json has a line for each request")
        .choices(["text", "json"]).default("text"),
    )
    .option("--metrics", "figures for Prometheus at /metrics", false)
    .addOption(secretOption({
      flags: "--operator-token <token>",
      what: "what whoever reads figures, or members' ids, must show",
      variable: "TRIBUTARY_OPERATOR_TOKEN",
    }));
  return hasPage
    ? command.option("--dashboard", "a page at /dashboard that shows how rounds go", false)
    : command;
}

/** Who watches a server with these flags. */
export function observersOf({ metrics, dashboard: page, operatorToken }: ObserveFlags): Observer[] {
  const token = operatorToken === undefined ? {} : { token: operatorToken };
  return [...metrics ? [prometheus(token)] : [], ...page ? [dashboard(token)] : []];
}

/** The terminal as a server with these flags uses it: where its log is JSON, so is all that it prints. */
export function serverTerminal(terminal: Terminal, { log }: ObserveFlags): Terminal {
  if (log === "text") return terminal;
  const clock = systemClock();
  const say = (level: "info" | "warn") => (message: string) =>
    terminal.print(jsonLineOf({ level, kind: "message", message }, clock.now()));
  return { ...terminal, print: say("info"), warn: say("warn") };
}

/** Takes a server's lines. */
export function serverLogger(terminal: Terminal, { log }: ObserveFlags): Logger {
  return log === "text"
    ? (line) => printLine(terminal, line)
    : jsonLines({ clock: systemClock(), write: terminal.print });
}

/** Where the page is; never with the token, as what is printed is kept in places. */
export function pageLine(url: string, { operatorToken }: ObserveFlags): string {
  const hint = operatorToken === undefined ? "" : ", and with #token=<the operator's> members' ids";
  return `dashboard at ${url}/dashboard${hint}`;
}

/** Requests are too many to print; what failed and what the rounds came to is not. */
function printLine({ print, warn }: Terminal, line: LogLine): void {
  switch (line.kind) {
    case "ask":
    case "forward":
    case "repeat":
    case "request":
    case "upload":
    case "write":
      return;
    case "answer":
      return print(
        `round ${line.round}: answered for ${line.clients} clients (group ${line.group})`,
      );
    case "round":
      return print(`round ${line.round}: ${line.phase}, ${line.clients} clients`);
    case "failure":
      // The command ends with it.
      if (line.doing === "starting") return;
      return warn(
        `${line.doing}: ${line.error instanceof Error ? line.error.message : line.error}`,
      );
    default:
      return line satisfies never;
  }
}

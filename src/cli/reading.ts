/**
 * How ratings are read, as commands are told it and `run.json` keeps it.
 *
 * @module
 */
import { type Command, Option } from "commander";
import * as v from "valibot";
import { wholeNumber } from "./arguments.ts";

/** What a file of ratings does not tell itself. */
export interface Reading {
  /** Columns of a CSV file, such as `user=who,item=what`. */
  readonly columns?: string;
  /** Form of a file without ratings. An item that a person has more than once counts as the last. */
  readonly events?: "baskets" | "sequences";
  /** How many items are kept, those that most people have. */
  readonly popular?: number;
}

/** Schema of {@link Reading}. */
export const readingSchema: v.GenericSchema<Reading> = v.strictObject({
  columns: v.exactOptional(v.string()),
  events: v.exactOptional(v.picklist(["baskets", "sequences"])),
  popular: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/** Adds the options by which one person's own ratings are read to a command. */
export function formOptions(command: Command): Command {
  return command
    .option("--columns <map>", "columns of a CSV file, such as user=who,item=what,time=at")
    .addOption(
      new Option("--events <form>", "lines of a user and all their items, or of a user and an item")
        .choices(["baskets", "sequences"]).conflicts("columns"),
    );
}

/** Adds the options by which everybody's ratings are read to a command. */
export function readingOptions(command: Command): Command {
  const most = 2 ** 24;
  return formOptions(command)
    .option(
      "--popular <n>",
      "keep so many items: those that most people have",
      wholeNumber(1, most),
    );
}

/** The reading among a command's options. */
export function readingOf({ columns, events, popular }: Reading): Reading {
  return {
    ...(columns === undefined ? {} : { columns }),
    ...(events === undefined ? {} : { events }),
    ...(popular === undefined ? {} : { popular }),
  };
}

/**
 * `tributary privacy`: the noise that a budget asks for, and what it leaves of the updates.
 *
 * @module
 */
import Table from "cli-table3";
import { Command, Option } from "commander";
import {
  budgetNoise,
  gainKept,
  type MechanismNoise,
  type NoiseBudget,
  noiseShare,
} from "../../privacy/mod.ts";
import { numberUpTo, wholeNumber } from "../arguments.ts";
import { USELESS } from "../promise.ts";
import type { Terminal } from "../terminal.ts";

type Kind = "skellam" | "gaussian" | "ftrl";

interface Options {
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  readonly rate: number;
  readonly clients?: number;
  readonly values: number;
  readonly mechanism: Kind;
  readonly separation?: number;
  readonly participations?: number;
}

/** Numbers of clients that are shown where none is asked for. */
const CLIENTS = [600, 6000, 60_000, 600_000];
/** Values of an update of quasi-Newton ALS on the films of the demo. */
const VALUES = 322_000;

const MECHANISMS: Readonly<Record<Kind, string>> = {
  skellam: "every client a share, before masking",
  gaussian: "the root, afresh in each round",
  ftrl: "the root, taking back of earlier rounds",
};

/** Part of what learning gains over popularity above which it is nearly whole. */
const CLEAR = 0.9;

/** The command. */
export function privacyCommand(terminal: Terminal): Command {
  return new Command("privacy")
    .description(
      "Show how much noise a privacy budget (ε, δ) asks for, and whether anything can be learned under it",
    )
    .requiredOption("--epsilon <number>", "ε that the whole run may spend", numberUpTo(0, 1000))
    .option(
      "--delta <number>",
      "δ, well below one over the number of clients",
      numberUpTo(0, 0.1),
      1e-6,
    )
    .option("--rounds <number>", "rounds of the run", wholeNumber(1, 1e6), 100)
    .option(
      "--rate <number>",
      "probability with which each client takes part in a round, drawn for each by itself",
      numberUpTo(0, 1),
      1,
    )
    .option(
      "--clients <number>",
      "clients of the task; several sizes by default",
      wholeNumber(1, 1e12),
    )
    .option("--values <number>", "values of an update", wholeNumber(1, 1e12), VALUES)
    .addOption(
      new Option("--mechanism <kind>", "whose prospects are shown")
        .choices(Object.keys(MECHANISMS)).default("skellam"),
    )
    .option(
      "--separation <rounds>",
      "ftrl: rounds from one of a client to its next, at least (default: one over the rate)",
      wholeNumber(1, 1e6),
    )
    .option(
      "--participations <number>",
      "ftrl: rounds of a client, at most (default: as many as the separation allows)",
      wholeNumber(1, 1e6),
    )
    .addHelpText(
      "after",
      `
Noise is told as its standard deviation in each value of a round's sum, over the bound on one
client's update ("clip" of the task). What to expect is an estimate from measured runs: the part of
what learning gains over popularity that is left. docs/PRIVACY.md has the measurements.

Examples:
  tributary privacy --epsilon 4 --delta 1e-6 --rounds 100 --rate 0.1
  tributary privacy --epsilon 8 --rounds 3 --clients 6000 --values 9073
  tributary privacy --epsilon 4 --rounds 500 --rate 0.02 --mechanism ftrl`,
    )
    .action((options: Options) => print(options, terminal));
}

function print(options: Options, terminal: Terminal): void {
  const { epsilon, delta, rounds, rate, values, mechanism } = options;
  const schema = schemaOf(options);
  const noises = noisesOf({ epsilon, delta, rounds, rate, values, schema });
  terminal.print(
    `budget     ε = ${epsilon} at δ = ${delta} over ${rounds} rounds, each client in a round with ` +
      `probability ${rate}`,
  );
  terminal.print(
    `ftrl       counts on no probability, but on ${schema.participations} rounds of a client at most, ` +
      `${schema.separation} or more apart`,
  );
  terminal.print(mechanismTable(noises));
  terminal.print("");
  const own = noises[mechanism];
  // What is left in the sum over rounds is what counts; independent noise is the measure.
  const noise = own.total / Math.sqrt((rounds + 1) / 2);
  const sizes = options.clients === undefined ? CLIENTS : [options.clients];
  const shares = sizes.map((clients) => ({
    clients,
    share: noiseShare({ noise, dim: values, clients: clients * rate }),
  }));
  terminal.print(outlookTable(shares, options));
  warnings(shares, options).forEach((line) => terminal.warn(`tributary: ${line}`));
}

function schemaOf(
  { rounds, rate, separation, participations }: Options,
): NoiseBudget["schema"] {
  const apart = separation ?? Math.max(1, Math.floor(1 / rate));
  return {
    separation: apart,
    participations: Math.min(participations ?? Infinity, Math.ceil(rounds / apart)),
  };
}

function noisesOf(budget: NoiseBudget): Readonly<Record<Kind, MechanismNoise>> {
  return {
    skellam: budgetNoise("skellam", budget),
    gaussian: budgetNoise("gaussian", budget),
    ftrl: budgetNoise("ftrl", budget),
  };
}

function mechanismTable(noises: Readonly<Record<Kind, MechanismNoise>>): string {
  const table = new Table({
    head: ["mechanism", "who adds noise", "noise", "over all rounds", "spends ε"],
    colAligns: ["left", "left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const kind of ["skellam", "gaussian", "ftrl"] as const) {
    const { noise, total, epsilon } = noises[kind];
    table.push([
      ...[kind, MECHANISMS[kind], noise.toPrecision(4), total.toPrecision(4)],
      epsilon.toPrecision(4),
    ]);
  }
  return table.toString();
}

/** How much noise a number of clients has to bear. */
interface Prospect {
  readonly clients: number;
  readonly share: number;
}

function outlookTable(
  prospects: readonly Prospect[],
  { rate, values, mechanism }: Options,
): string {
  const table = new Table({
    head: ["clients", "in a round", "noise over signal", "gain left", "what to expect"],
    colAligns: ["right", "right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  for (const { clients, share } of prospects) {
    table.push([
      ...[clients, Math.round(clients * rate), share.toPrecision(3)],
      ...[`${Math.round(100 * gainKept(share))} %`, outlook(share)],
    ]);
  }
  return `${mechanism}, ${values} values an update\n${table}`;
}

function outlook(share: number): string {
  const kept = gainKept(share);
  if (kept < USELESS) return "useless: noise drowns the updates";
  return kept < CLEAR ? "worse than without noise" : "close to that without noise";
}

function warnings(prospects: readonly Prospect[], options: Options): string[] {
  const { clients, delta } = options;
  const [first] = prospects;
  if (clients === undefined || first === undefined) return [];
  return [
    ...(gainKept(first.share) >= USELESS ? [] : [
      `under this budget ${clients} clients learn nothing of use: expected at least ${
        enough(first)
      }, fewer rounds, or a smaller model`,
    ]),
    ...(delta * clients < 0.1 ? [] : [
      `a δ of ${delta} lets a run give away one of ${clients} clients altogether: expected well below ${
        (1 / clients).toPrecision(2)
      }`,
    ]),
  ];
}

/** Clients with which the run is no longer useless: the share falls as their number grows. */
function enough({ clients, share }: Prospect): number {
  let more = clients;
  while (gainKept(share * clients / more) < USELESS) more = Math.ceil(more * 1.01) + 1;
  return more;
}

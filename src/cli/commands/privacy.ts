/**
 * `tributary privacy`: the noise that a budget asks for, and what it leaves of the updates.
 *
 * @module
 */
import Table from "cli-table3";
import { Command } from "commander";
import { noiseFor, noiseShare, renyiEpsilon, spentEpsilon } from "../../privacy/mod.ts";
import { numberUpTo, wholeNumber } from "../arguments.ts";
import type { Terminal } from "../terminal.ts";

interface Options {
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  readonly rate: number;
  readonly clients?: number;
  readonly values: number;
}

/** Numbers of clients that are shown where none is asked for. */
const CLIENTS = [600, 6000, 60_000, 600_000];
/** Values of an update of quasi-Newton ALS on the films of the demo. */
const VALUES = 322_000;

/**
 * Above which share of noise nothing can be learned, and below which little is lost. Measured on
 * films at ε = 8: 610 clients were worse than popularity, 6 000 came to a hit rate of .64 and 61 000
 * to .70, where .73 was had without noise; over ten rounds those are shares of 1.6, .16 and .016.
 */
const DROWNED = 0.5;
const CLEAR = 0.02;

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
      "probability with which each client takes part in a round",
      numberUpTo(0, 1),
      1,
    )
    .option(
      "--clients <number>",
      "clients of the task; several sizes by default",
      wholeNumber(1, 1e12),
    )
    .option("--values <number>", "values of an update", wholeNumber(1, 1e12), VALUES)
    .action((options: Options) => print(options, terminal));
}

function print(options: Options, { print, warn }: Terminal): void {
  const { epsilon, delta, rounds, rate, values } = options;
  const noise = noiseFor({ epsilon, delta, rounds, rate });
  const charges = [{ mechanism: { kind: "gaussian", noise, rate }, rounds }] as const;
  const spent = spentEpsilon(charges, delta);
  const renyi = renyiEpsilon(charges, delta);
  print(
    `noise      ${noise.toPrecision(5)} × the bound on one client's update (standard deviation)`,
  );
  print(
    `spends     ε = ${spent.toPrecision(4)} at δ = ${delta}, in ${rounds} rounds at rate ${rate}`,
  );
  print(
    `by Rényi   ε = ${
      renyi.epsilon.toPrecision(4)
    } (order ${renyi.order}), as Skellam noise is accounted for`,
  );
  print("");
  const sizes = options.clients === undefined ? CLIENTS : [options.clients];
  const shares = sizes.map((clients) => ({
    clients,
    share: noiseShare({ noise, dim: values, clients: clients * rate }),
  }));
  const table = new Table({
    head: ["clients", "in a round", `noise over signal, ${values} values`, "what to expect"],
    colAligns: ["right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  for (const { clients, share } of shares) {
    table.push([clients, Math.round(clients * rate), share.toPrecision(3), outlook(share)]);
  }
  print(table.toString());
  const [first] = shares;
  if (options.clients !== undefined && first !== undefined && first.share > DROWNED) {
    warn(
      `tributary: under this budget ${first.clients} clients learn nothing of use: expected at least ${
        Math.ceil(first.clients * first.share / DROWNED)
      }, fewer rounds, or a smaller model`,
    );
  }
}

function outlook(share: number): string {
  if (share > DROWNED) return "useless: noise drowns the updates";
  return share > CLEAR ? "worse than without noise" : "close to that without noise";
}

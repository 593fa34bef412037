/**
 * The part of a report about who can learn what, and what of a budget was spent.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { html } from "hono/html";
import type { Task } from "../wire/task.ts";
import { type PrivacyRecord, privacyRecord, type SpentRound } from "./privacy_record.ts";
import { COLOURS, ticksTo } from "./report_charts.ts";
import type { Markup } from "./report_page.ts";

/** A run, as far as this part looks at it. */
export interface PrivateRun {
  /** What was learned. */
  readonly task: Pick<Task, "mask" | "privacy">;
  /** In order. */
  readonly rounds: readonly (SpentRound & { readonly round: number })[];
}

/** The heading, the table of parties, and the budget. */
export function privacySection(
  run: PrivateRun,
  draw: (options: Plot.PlotOptions) => Markup,
): Markup {
  const record = privacyRecord(run.task, run.rounds);
  return html`
    <h2>Privacy</h2>
    <p>${maskText(record)}</p>
    <table><tr><th>Who</th><th>can learn of the updates</th></tr>${record.parties.map((
      { party, learns },
    ) =>
      html`
        <tr>
          <td>${party}</td>
          <td>${learns}</td>
        </tr>
      `
    )}</table>
    ${budgetText(record, run, draw)}
  `;
}

function maskText({ mask, committee, groups = 1, smallestSum }: PrivacyRecord): string {
  if (smallestSum === undefined) {
    return "Updates are not masked: whoever adds them can read them.";
  }
  const parts = groups === 1 ? "" : ` Each round is cut into up to ${groups} groups, so that one ` +
    "client with bad shares costs its group and no more.";
  return `Updates are masked by ${mask}. A sum is opened by ${committee}, for ${smallestSum} ` +
    `clients or more.${parts}`;
}

function budgetText(
  { budget }: PrivacyRecord,
  run: PrivateRun,
  draw: (options: Plot.PlotOptions) => Markup,
): Markup {
  if (budget === undefined) {
    return html`
      <p>No differential privacy is promised: what sums and models tell of one client is not
        bounded.</p>
    `;
  }
  const { epsilon, delta, spent, noise } = budget;
  return html`
    <p>Differential privacy: ε = ${epsilon} at δ = ${delta} is promised to each client for the whole
      run, and ε = ${spent.toPrecision(4)} was spent; ${noise}.</p>
    <figure>${draw(budgetChart(run, epsilon))}<figcaption>ε spent after each round, of
      ${epsilon}.</figcaption></figure>
  `;
}

/** What was spent by round, under the line of what was promised. */
function budgetChart({ rounds }: PrivateRun, epsilon: number): Plot.PlotOptions {
  const points = rounds.flatMap(({ round, spent }) =>
    spent === undefined ? [] : [{ round, epsilon: spent.epsilon }]
  );
  const last = Math.max(1, rounds.at(-1)?.round ?? 1);
  const at = { x: "round", y: "epsilon" } as const;
  return {
    height: 180,
    marginLeft: 56,
    x: { label: "round", domain: [0, last], ...ticksTo(last, 0) },
    y: { label: "ε spent", domain: [0, epsilon * 1.05], grid: true },
    marks: [
      Plot.ruleY([epsilon], { stroke: COLOURS[1], strokeDasharray: "4,3" }),
      Plot.line([{ round: 0, epsilon: 0 }, ...points], {
        ...at,
        stroke: COLOURS[0],
        strokeWidth: 2,
      }),
      Plot.dot(points, { ...at, fill: COLOURS[0], r: last > 40 ? 1.5 : 3 }),
    ],
  };
}

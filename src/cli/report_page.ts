/**
 * The page that reports are written on: self-contained HTML, drawn by Observable Plot, no script
 * inside.
 *
 * @module
 */
import * as Plot from "@observablehq/plot";
import { html, raw } from "hono/html";
import { parseHTML } from "linkedom";
import { CHART_WIDTH, COLOURS } from "./report_charts.ts";
import type { RunHead } from "./run_record.ts";

/** Markup that needs no escaping any more. */
export type Markup = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1d2430, #e6e9ef); --soft: light-dark(#5b6675, #9aa5b5);
  --line: light-dark(#dfe4ea, #323a46); --ground: light-dark(#ffffff, #14181f); --plot-background: transparent; }
body { margin: 2.5rem auto; max-width: 760px; padding: 0 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption { color: var(--soft); } figure { margin: 0; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
th { text-align: left; font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.own td { font-weight: 650; } table + p { margin-top: .6rem; } figure + figure { margin-top: 1.4rem; } code { font-size: .85em; overflow-wrap: anywhere; }
`;

/** Draws charts as SVG, to be put into {@link renderPage}. */
export function createDrawer(): (options: Plot.PlotOptions) => Markup {
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as {
    document: Document;
  };
  return (options) => raw(Plot.plot({ document, width: CHART_WIDTH, ...options }).outerHTML);
}

/** A page that needs nothing else. */
export function renderPage(title: string, body: Markup): string {
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Tributary: ${title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
      </body>
    </html>
  `;
  return String(page).trimStart();
}

/** A table of figures: a name, then numbers as they are to be shown. */
export function figuresTable(
  head: readonly string[],
  rows: readonly { readonly cells: readonly string[]; readonly isOwn?: boolean }[],
): Markup {
  const [first, ...others] = head;
  return html`<table><tr><th>${first}</th>${
    others.map((name) => html`<th class="number">${name}</th>`)
  }</tr>${
    rows.map(({ cells: [name, ...figures], isOwn = false }) =>
      html`<tr class="${isOwn ? "own" : ""}"><td>${name}</td>${
        figures.map((figure) => html`<td class="number">${figure}</td>`)
      }</tr>`
    )
  }</table>`;
}

/** What a run was of, and what came of it: enough to tell whether another is the same. */
export interface RunDigests extends RunHead {
  /** Digest of what was learned from. */
  readonly data: { readonly digest: string };
  /** The final model. */
  readonly model: { readonly version: number; readonly digest: string };
}

/** A table of a run's digests. */
export function digestsTable(run: RunDigests): Markup {
  const rows = [
    ["Task", run.taskId],
    ["Data", run.data.digest],
    [`Model, version ${run.model.version}`, run.model.digest],
    ["Seed", run.seed],
    ["Started", run.started],
    ["Tributary", run.tributary],
  ];
  return html`<table>${
    rows.map(([name, value]) =>
      html`
        <tr>
          <th>${name}</th>
          <td><code>${value}</code></td>
        </tr>
      `
    )
  }</table>`;
}

/** A spot of a chart's colour. */
export function colourKey(at: number): Markup {
  return raw(`<span style="color:${COLOURS[at]}">■</span>`);
}

/**
 * The figures at the top of the page.
 *
 * @module
 */
import { formatBytes, formatCount, formatOf, formatSpan, formatValue, shortOf } from "./format.ts";
import { html } from "hono/html";
import { type Markup, NOTHING } from "./markup.ts";
import type { TaskView } from "./task_view.ts";

/** One figure after the other. */
export function tiles(view: TaskView): Markup {
  const all = [roundTile, clientsTile, timeTile, bytesTile, privacyTile, modelTile];
  return html`
    <section class="tiles" aria-label="Figures">${all.map((one) => one(view))}</section>
  `;
}

function tile(
  name: string,
  { value, below, bar = NOTHING }: {
    readonly value: Markup | string;
    readonly below: string;
    readonly bar?: Markup;
  },
): Markup {
  return html`
    <div class="tile">
      <h3>${name}</h3>
      <p class="value">${value}</p>
      ${bar}
      <p class="below">${below}</p>
    </div>
  `;
}

/** A bar that is full at 1. */
export function shareBar(share: number): Markup {
  const width = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  return html`
    <svg class="share" aria-hidden="true">
      <rect class="all" width="100%" height="100%" rx="3"></rect>
      <rect class="part" width="${width}%" height="100%" rx="3"></rect>
    </svg>
  `;
}

function roundTile({ status: { round }, task, log: { history } }: TaskView): Markup {
  const { rounds } = task.stop;
  const lost = history.abandoned === 0 ? "" : ` · ${formatCount(history.abandoned)} abandoned`;
  return tile("Round", {
    value: formatCount(round),
    bar: shareBar(history.done / rounds),
    below: `${formatCount(history.done)} of ${formatOf(rounds, "model")}${lost}`,
  });
}

function clientsTile({ status: { clients, size, members }, asked }: TaskView): Markup {
  const of = asked === undefined ? NOTHING : html`<small>of ${formatCount(asked)}</small>`;
  return tile("Clients in the sum", {
    value: html`${formatCount(clients)} ${of}`,
    bar: shareBar(asked ? clients / asked : 0),
    below: `${formatOf(members, "member")}, ${formatOf(size, "client")} enrolled`,
  });
}

function timeTile({ open, status: { nowMs } }: TaskView): Markup {
  if (open === undefined) {
    return tile("Time left", { value: "–", below: "no round is open", bar: shareBar(0) });
  }
  const { openedAtMs, deadlineMs } = open;
  return tile("Time left", {
    value: html`<time data-until="${deadlineMs}">${formatSpan(deadlineMs - nowMs)}</time>`,
    bar: shareBar((nowMs - openedAtMs) / (deadlineMs - openedAtMs)),
    below: `of ${formatSpan(deadlineMs - openedAtMs)}`,
  });
}

function bytesTile({ status: { bytesIn, round }, bytes, waiting }: TaskView): Markup {
  const before = [...bytes].reduce((all, [at, one]) => at === round ? all : all + one, 0);
  const all = `${formatBytes(before + bytesIn)} since the start`;
  return tile("Bytes taken in", {
    value: formatBytes(bytesIn),
    below: `${all} · ${formatOf(waiting, "poll")} waiting`,
  });
}

function privacyTile({ task: { privacy }, log: { history: { spent } } }: TaskView): Markup {
  if (privacy === undefined) return NOTHING;
  const epsilon = spent?.epsilon ?? 0;
  const value = formatValue(epsilon);
  return tile("Privacy spent", {
    value: html`<span class="greek">ε</span> ${value} <small>of ${privacy.epsilon}</small>`,
    bar: shareBar(epsilon / privacy.epsilon),
    below: `at δ = ${privacy.delta.toExponential()}, over ${formatOf(spent?.sums ?? 0, "sum")}`,
  });
}

function modelTile({ status: { model }, task: { mask } }: TaskView): Markup {
  const below = mask.kind === "none" ? "updates are not masked" : `masked: ${mask.kind}`;
  if (model === undefined) return tile("Model", { value: "–", below });
  return tile("Model", {
    value: html`v${model.version} <small>${formatBytes(model.bytes)}</small>`,
    bar: html`<code title="${model.digest}">${shortOf(model.digest, 16)}</code>`,
    below,
  });
}

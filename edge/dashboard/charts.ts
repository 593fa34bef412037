/**
 * Charts by round, as SVG that takes its colours from the page.
 *
 * @module
 */
import { withoutZeros } from "./format.ts";
import { html } from "hono/html";
import { type Markup, NOTHING } from "./markup.ts";
import { placeOn, type Scale, scaleOf, wholeTicks } from "./scale.ts";

/** A round's value. */
export interface ChartPoint {
  /** Number of the round. */
  readonly round: number;
  /** What is drawn. */
  readonly value: number;
  /** Told where the pointer rests. */
  readonly note: string;
  /** Whether the round gave no model. */
  readonly isLost?: boolean;
}

/** What a chart is of. */
export interface ChartOptions {
  /** For those who do not see it. */
  readonly label: string;
  /** Ticks as text. */
  readonly format: (value: number) => string;
}

const WIDTH = 320;
const HEIGHT = 176;
const EDGE = { left: 48, right: 12, top: 12, bottom: 24 };
/** Where the lower axis is. */
const FOOT = HEIGHT - EDGE.bottom;
/** More would not be told apart. */
const MOST_DOTS = 60;

/** A curve over the rounds; rounds that gave no model are marked below it. */
export function lineChart(points: readonly ChartPoint[], options: ChartOptions): Markup {
  const drawn = points.filter(({ isLost }) => !isLost);
  if (drawn.length === 0) return NOTHING;
  const frame = frameOf(points, { scale: scaleOf(drawn.map(({ value }) => value)), beside: 0 });
  const at = drawn.map((point) => ({ ...point, x: frame.x(point.round), y: frame.y(point.value) }));
  const line = at.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
  const [first, last] = [at[0], at.at(-1)];
  const area = `${line}L${last?.x} ${FOOT}L${first?.x} ${FOOT}Z`;
  const dots = at.length > MOST_DOTS ? [] : at.map(({ x, y, note }) =>
    html`
      <circle class="point" cx="${x}" cy="${y}" r="2.6">
        <title>${note}</title>
      </circle>
    `
  );
  const lost = points.filter(({ isLost }) => isLost).map((point) => lostMark(point, frame));
  const marks = html`
    <path class="area" d="${area}" />
    <path class="line" d="${line}" />
    ${lost} ${dots}
  `;
  return chart(frame, { ...options, marks });
}

/** A bar for each round. */
export function barChart(points: readonly ChartPoint[], options: ChartOptions): Markup {
  if (points.length === 0) return NOTHING;
  const scale = scaleOf([0, ...points.map(({ value }) => value)]);
  const frame = frameOf(points, { scale, beside: 0.5 });
  const wide = Math.max(1, Math.min(26, frame.step * 0.72));
  const bars = points.map(({ round, value, note, isLost }) => {
    // A round without anyone is a mark on the axis.
    const high = cut(Math.max(1.5, FOOT - frame.y(value)));
    const [x, y] = [cut(frame.x(round) - wide / 2), cut(FOOT - high)];
    const kind = isLost ? "bar lost" : "bar";
    return html`
      <rect class="${kind}" x="${x}" y="${y}" width="${cut(wide)}" height="${high}"
        rx="1.5">
        <title>${note}</title>
      </rect>
    `;
  });
  return chart(frame, { ...options, marks: html`${bars}` });
}

/** Where things lie. */
interface Frame {
  readonly scale: Scale;
  readonly rounds: readonly number[];
  /** Pixels from a round to the next. */
  readonly step: number;
  x(round: number): number;
  y(value: number): number;
}

/** @param beside Rounds that are kept free at either side. */
function frameOf(
  points: readonly ChartPoint[],
  { scale, beside }: { readonly scale: Scale; readonly beside: number },
): Frame {
  const rounds = points.map(({ round }) => round);
  const [first, last] = [Math.min(...rounds), Math.max(...rounds)];
  const step = (WIDTH - EDGE.left - EDGE.right) / (last - first + 2 * beside || 1);
  return {
    ...{ scale, step },
    rounds: wholeTicks(first, last),
    x: (round) => cut(EDGE.left + (round - first + beside) * step),
    y: (value) => cut(FOOT - placeOn(scale, value) * (FOOT - EDGE.top)),
  };
}

function chart(
  frame: Frame,
  { label, format, marks }: ChartOptions & { readonly marks: Markup },
): Markup {
  const [from, to] = [EDGE.left, WIDTH - EDGE.right];
  const rules = frame.scale.ticks.map((tick) => {
    const y = frame.y(tick);
    return html`
      <line class="rule" x1="${from}" x2="${to}" y1="${y}" y2="${y}" />
      <text text-anchor="end" x="${from - 7}" y="${y + 3.5}">${withoutZeros(format(tick))}</text>
    `;
  });
  const rounds = frame.rounds.map((round) =>
    html`
      <text text-anchor="middle" x="${frame.x(round)}" y="${HEIGHT - 7}">${round}</text>
    `
  );
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
      ${rules} ${rounds} ${marks}
    </svg>
  `;
}

function lostMark({ round, note }: ChartPoint, frame: Frame): Markup {
  const [x, y] = [frame.x(round) - 3, FOOT - 9];
  return html`
    <path class="cross" d="M${x} ${y}l6 6m0 -6l-6 6">
      <title>${note}</title>
    </path>
  `;
}

/** A tenth of a pixel is enough. */
function cut(value: number): number {
  return Math.round(value * 10) / 10;
}

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
/** More would not be told apart. */
const MOST_DOTS = 60;

/** A curve over the rounds; rounds that gave no model are marked below it. */
export function lineChart(points: readonly ChartPoint[], options: ChartOptions): Markup {
  const drawn = points.filter(({ isLost }) => !isLost);
  if (drawn.length === 0) return NOTHING;
  const frame = frameOf(points, scaleOf(drawn.map(({ value }) => value)));
  const at = drawn.map((point) => ({ ...point, x: frame.x(point.round), y: frame.y(point.value) }));
  const line = at.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${x} ${y}`).join("");
  const [first, last] = [at[0], at.at(-1)];
  const area = `${line}L${last?.x} ${HEIGHT - EDGE.bottom}L${first?.x} ${HEIGHT - EDGE.bottom}Z`;
  return chart(
    frame,
    options,
    html`
      <path class="area" d="${area}" /><path class="line" d="${line}" />
      ${points.filter(({ isLost }) => isLost).map((point) => lostMark(point, frame))}
      ${at.length <= MOST_DOTS
        ? at.map(({ x, y, note }) =>
          html`
            <circle class="point" cx="${x}" cy="${y}" r="2.6">
              <title>${note}</title>
            </circle>
          `
        )
        : NOTHING}
    `,
  );
}

/** A bar for each round. */
export function barChart(points: readonly ChartPoint[], options: ChartOptions): Markup {
  if (points.length === 0) return NOTHING;
  const frame = frameOf(points, scaleOf([0, ...points.map(({ value }) => value)]), 0.5);
  const wide = Math.max(1, Math.min(26, frame.step * 0.72));
  return chart(
    frame,
    options,
    html`${
      points.map(({ round, value, note, isLost }) => {
        const [x, y] = [frame.x(round) - wide / 2, frame.y(value)];
        // A round without anyone is a mark on the axis.
        const high = Math.max(1.5, HEIGHT - EDGE.bottom - y);
        return html`
          <rect class="${isLost ? "bar lost" : "bar"}" x="${cut(x)}" y="${cut(
            HEIGHT - EDGE.bottom - high,
          )}" width="${cut(wide)}" height="${cut(high)}"
            rx="1.5">
            <title>${note}</title>
          </rect>
        `;
      })
    }`,
  );
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
function frameOf(points: readonly ChartPoint[], scale: Scale, beside = 0): Frame {
  const rounds = points.map(({ round }) => round);
  const [first, last] = [Math.min(...rounds), Math.max(...rounds)];
  const span = last - first + 2 * beside || 1;
  const step = (WIDTH - EDGE.left - EDGE.right) / span;
  const high = HEIGHT - EDGE.top - EDGE.bottom;
  return {
    ...{ scale, step },
    rounds: wholeTicks(first, last),
    x: (round) => cut(EDGE.left + (round - first + beside) * step),
    y: (value) => cut(HEIGHT - EDGE.bottom - placeOn(scale, value) * high),
  };
}

function chart(frame: Frame, { label, format }: ChartOptions, marks: Markup): Markup {
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    ${
    frame.scale.ticks.map((tick) =>
      html`
        <line class="rule" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${frame.y(
          tick,
        )}" y2="${frame.y(tick)}" />
        <text class="tick" text-anchor="end" x="${EDGE.left - 7}" y="${frame.y(tick) +
          3.5}">${withoutZeros(format(tick))}</text>
      `
    )
  }${
    frame.rounds.map((round) =>
      html`<text class="tick" text-anchor="middle" x="${frame.x(round)}" y="${
        HEIGHT - 7
      }">${round}</text>`
    )
  }${marks}</svg>`;
}

function lostMark({ round, note }: ChartPoint, frame: Frame): Markup {
  const [x, y] = [frame.x(round), HEIGHT - EDGE.bottom - 6];
  return html`
    <path class="cross" d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6">
      <title>${note}</title>
    </path>
  `;
}

/** A tenth of a pixel is enough. */
function cut(value: number): number {
  return Math.round(value * 10) / 10;
}

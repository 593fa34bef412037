/**
 * Figures as Prometheus reads them: its text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * @module
 */
import {
  allInstruments,
  type Instrument,
  type InstrumentName,
  prometheusName,
} from "./instruments.ts";
import type { Series } from "./series.ts";

/** Media type of {@link expositionOf}. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * All series that there are, each instrument's after a line of help and one of its type.
 *
 * @param seriesOf Those of an instrument; one without any is left out.
 */
export function expositionOf(seriesOf: (name: InstrumentName) => readonly Series[]): string {
  const lines: string[] = [];
  for (const [name, instrument] of allInstruments()) {
    const all = seriesOf(name);
    if (all.length === 0) continue;
    const shown = prometheusName(name);
    lines.push(`# HELP ${shown} ${escapeHelp(instrument.help)}`);
    lines.push(`# TYPE ${shown} ${instrument.kind}`);
    for (const series of all) lines.push(...samplesOf(shown, instrument, series));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function samplesOf(
  name: string,
  { kind, bounds = [] }: Instrument,
  { labels, sum, counts }: Series,
): string[] {
  if (kind !== "histogram") return [sample(name, labels, sum)];
  let below = 0;
  const buckets = [...bounds, Infinity].map((bound, at) => {
    below += counts[at] ?? 0;
    return sample(`${name}_bucket`, { ...labels, le: numberText(bound) }, below);
  });
  return [...buckets, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, below)];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

/**
 * Figures as they add up: a number, or the buckets of a histogram, for each set of labels.
 *
 * @module
 */
import { type InstrumentName, INSTRUMENTS, type Measurement } from "./instruments.ts";

/** What one set of labels has come to. */
export interface Series {
  /** Its labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Total of a counter or a histogram; value of a gauge. */
  sum: number;
  /** Values of a histogram, by bucket, the last one above all bounds. */
  readonly counts: number[];
}

/** All series of a process. */
export interface SeriesBook {
  /** Adds to a counter or histogram, and sets a gauge. */
  take(measurement: Measurement): void;
  /** Those of an instrument, in order of their first value. */
  of(name: InstrumentName): readonly Series[];
}

/** No figures yet. */
export function createSeriesBook(): SeriesBook {
  const book = new Map<InstrumentName, Map<string, Series>>();

  function seriesOf({ name, labels = {} }: Measurement): Series {
    const all = book.get(name) ?? new Map<string, Series>();
    book.set(name, all);
    const key = JSON.stringify(labels);
    const { bounds = [] } = INSTRUMENTS[name];
    const series = all.get(key) ?? { labels, sum: 0, counts: new Array(bounds.length + 1).fill(0) };
    all.set(key, series);
    return series;
  }

  return {
    take(measurement) {
      const { name, value } = measurement;
      const { kind, bounds = [] } = INSTRUMENTS[name];
      const series = seriesOf(measurement);
      series.sum = kind === "gauge" ? value : series.sum + value;
      const above = bounds.findIndex((bound) => value <= bound);
      const at = above < 0 ? bounds.length : above;
      series.counts[at] = (series.counts[at] ?? 0) + 1;
    },
    of: (name) => [...book.get(name)?.values() ?? []],
  };
}

/**
 * The instruments as those of an OpenTelemetry meter.
 *
 * @module
 */
import type { Observed } from "../observer.ts";
import { createGaugeReader } from "./gauges.ts";
import { allInstruments, type InstrumentName, type Measurement } from "./instruments.ts";
import type { OtelMeter } from "./opentelemetry_api.ts";

/** A meter's instruments. */
export interface Meter {
  /** Adds to a counter or a histogram. */
  take(measurement: Measurement): void;
  /** Has the gauges read off what is watched whenever they are collected. */
  watch(observed: Observed): void;
}

/** Makes all instruments. */
export function meterOver(meter: OtelMeter): Meter {
  const takers = new Map<InstrumentName, (value: number, labels: Record<string, string>) => void>();
  const readGauges = createGaugeReader();
  const watched = new Set<Observed>();

  for (const [name, { kind, unit, help, bounds }] of allInstruments()) {
    const options = { description: help, unit };
    switch (kind) {
      case "counter": {
        const counter = meter.createCounter(name, options);
        takers.set(name, (value, labels) => counter.add(value, labels));
        break;
      }
      case "histogram": {
        const advice = { explicitBucketBoundaries: [...bounds ?? []] };
        const histogram = meter.createHistogram(name, { ...options, advice });
        takers.set(name, (value, labels) => histogram.record(value, labels));
        break;
      }
      case "gauge":
        meter.createObservableGauge(name, options).addCallback((result) => {
          for (const observed of watched) {
            for (const { name: other, value, labels } of readGauges(observed)) {
              if (other === name) result.observe(value, { ...labels });
            }
          }
        });
        break;
      default:
        throw kind satisfies never;
    }
  }

  return {
    take: ({ name, value, labels }) => takers.get(name)?.(value, { ...labels }),
    watch: (observed) => void watched.add(observed),
  };
}

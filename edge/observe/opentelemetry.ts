/**
 * Spans and metrics for OpenTelemetry, through the API package that is handed in.
 *
 * @module
 */
import { Hono } from "hono";
import type { Observer } from "../observer.ts";
import { measurementsOf } from "./measurements.ts";
import type { OtelApi, OtelSpan } from "./opentelemetry_api.ts";
import { meterOver } from "./opentelemetry_meter.ts";
import { spansOf } from "./spans.ts";

/**
 * Tells OpenTelemetry what an aggregator or helper does. There are spans for requests, uploads (to
 * read, check and commit them), rounds, sums forwarded and helpers asked, and the figures of
 * {@link prometheus} as metrics. A region's request to its parent carries its trace on, by whichever
 * propagator is set up.
 *
 * Spans lie within each other where a context manager is set up, as SDKs do. No span or label has a
 * member's id or anything out of a body.
 *
 * @param api What `import * as api from "@opentelemetry/api"` gives. This library does not import that
 * package itself, so that it need not be installed.
 *
 * @example A region that tells what it does
 * ```ts
 * import * as api from "@opentelemetry/api";
 * import { openTelemetry } from "./opentelemetry.ts";
 *
 * const observers = [openTelemetry(api)];
 * // serveAggregator({ …, observers }), after an SDK was set up.
 * if (observers.length !== 1) throw new Error("unexpected");
 * ```
 */
export function openTelemetry<Context, Span extends OtelSpan>(
  api: OtelApi<Context, Span>,
): Observer {
  const spans = spansOf(api);
  const meter = meterOver(api.metrics.getMeter("tributary"));
  return {
    logger(line) {
      spans.note(line);
      for (const measurement of measurementsOf(line)) meter.take(measurement);
    },
    trace: spans.trace,
    routes(observed) {
      meter.watch(observed);
      return new Hono();
    },
  };
}

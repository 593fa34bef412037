/**
 * `/metrics`, for Prometheus and whatever reads its text format.
 *
 * @module
 */
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { problems, requestHeaders } from "../http/describe.ts";
import type { Observed, Observer } from "../observer.ts";
import { requireToken } from "../http/operator_token.ts";
import { EXPOSITION_TYPE, expositionOf } from "./exposition.ts";
import { createGaugeReader } from "./gauges.ts";
import { measurementsOf } from "./measurements.ts";
import { createSeriesBook } from "./series.ts";

/** Who may read the figures. */
export interface PrometheusOptions {
  /** What readers must send as `Authorization: Bearer …`; anyone may read them without one. */
  readonly token?: string;
}

/**
 * Counts what an aggregator or helper does, and tells it at `GET /metrics`. The figures are totals:
 * they name tasks by their digests, and no member.
 *
 * @example A root that can be scraped
 * ```ts
 * import { generateIdentity } from "../../src/core/identity.ts";
 * import { inlineModule } from "../../src/wasm/inline.ts";
 * import { createAggregatorApp } from "../app.ts";
 * import { memoryStore } from "../memory/mod.ts";
 * import { prometheus } from "./prometheus.ts";
 *
 * const app = createAggregatorApp({
 *   store: memoryStore(),
 *   identity: await generateIdentity(),
 *   module: await inlineModule("aggregate"),
 *   strategy: () => { throw new Error("no task yet"); },
 *   observers: [prometheus()],
 * });
 * await app.aggregator.start();
 * const text = await (await app.request("/metrics")).text();
 * if (!text.includes("\ntributary_ready 1\n")) throw new Error(text);
 * ```
 */
export function prometheus({ token }: PrometheusOptions = {}): Observer {
  const totals = createSeriesBook();
  const readGauges = createGaugeReader();

  function textNow(observed: Observed): string {
    // Gauges begin anew each time: one of a phase that is over must not stay.
    const now = createSeriesBook();
    for (const measurement of readGauges(observed)) now.take(measurement);
    return expositionOf((name) => [...totals.of(name), ...now.of(name)]);
  }

  return {
    logger(line) {
      for (const measurement of measurementsOf(line)) totals.take(measurement);
    },
    routes: (observed) => metricsRoute(token, () => textNow(observed)),
  };
}

function metricsRoute(token: string | undefined, text: () => string): Hono {
  return new Hono().get(
    "/metrics",
    describeRoute({
      summary: "Figures of this server, as Prometheus reads them",
      parameters: requestHeaders(["Authorization"], false),
      responses: {
        200: { description: "All series", content: { "text/plain": {} } },
        ...problems(token === undefined ? [] : ["operator-refused"]),
      },
    }),
    (c) => {
      if (token !== undefined) requireToken(c, token);
      return c.body(text(), 200, { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" });
    },
  );
}

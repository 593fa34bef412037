/**
 * Watching aggregators and helpers: figures for Prometheus.
 *
 * @module
 */
export { prometheus } from "./prometheus.ts";
export type { PrometheusOptions } from "./prometheus.ts";
export { openTelemetry } from "./opentelemetry.ts";
export type {
  OtelApi,
  OtelCounter,
  OtelHistogram,
  OtelMeter,
  OtelMetricOptions,
  OtelResult,
  OtelSpan,
  OtelTracer,
  SpanAttributes,
} from "./opentelemetry_api.ts";
export { jsonLineOf, jsonLines } from "./json_lines.ts";
export type { JsonLinesOptions } from "./json_lines.ts";

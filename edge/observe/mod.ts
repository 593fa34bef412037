/**
 * Watching aggregators and helpers: figures for Prometheus.
 *
 * @module
 */
export { prometheus } from "./prometheus.ts";
export type { PrometheusOptions } from "./prometheus.ts";

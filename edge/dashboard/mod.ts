/**
 * A page on which people watch an aggregator at work, and the events that it lives on.
 *
 * @module
 */
export { dashboard } from "./dashboard.ts";
export type { DashboardOptions } from "./dashboard.ts";

/**
 * Strategies: how a sum of updates becomes the next model.
 *
 * @module
 */
export * from "./strategy.ts";
export * from "./registry.ts";
export type { ClientHalf, ClientRound, ClientStart } from "./client_half.ts";
export { fedAvg } from "./fedavg.ts";
export type { FedAvgOptions } from "./fedavg.ts";
export { fedAvgM } from "./fedavgm.ts";
export type { FedAvgMOptions } from "./fedavgm.ts";
export { fedAdam } from "./fedadam.ts";
export type { FedAdamOptions } from "./fedadam.ts";
export { fedYogi } from "./fedyogi.ts";
export type { FedYogiOptions } from "./fedyogi.ts";
export { fedAdagrad } from "./fedadagrad.ts";
export type { FedAdagradOptions } from "./fedadagrad.ts";
export { fedProx } from "./fedprox.ts";
export type { FedProxOptions } from "./fedprox.ts";
export { scaffold } from "./scaffold.ts";
export type { ScaffoldOptions } from "./scaffold.ts";
export { fedNova } from "./fednova.ts";
export type { FedNovaOptions } from "./fednova.ts";
export { qFedAvg } from "./qfedavg.ts";
export type { QFedAvgOptions } from "./qfedavg.ts";
export { rowwise } from "./rowwise.ts";
export type { RowwiseOptions } from "./rowwise.ts";
export { alsExact } from "./als_exact.ts";
export type { AlsExactOptions } from "./als_exact.ts";
export { alsNewton } from "./als_newton.ts";
export type { AlsNewtonOptions } from "./als_newton.ts";
export { easeStep } from "./ease.ts";
export type { EaseStepOptions } from "./ease.ts";
export { totals } from "./totals.ts";
export type { TotalsOptions } from "./totals.ts";
export { heavyHittersStep } from "./heavy_hitters.ts";
export type { HeavyHittersStepOptions } from "./heavy_hitters.ts";

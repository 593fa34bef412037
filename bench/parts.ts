/**
 * What can be measured.
 *
 * @module
 */
import { measureAdult } from "./adult_quality.ts";
import { measureConstantTime } from "./ct/measure.ts";
import { measureDemo } from "./demo.ts";
import { measureDemoMask } from "./demo_mask.ts";
import type { Figure } from "./figure.ts";
import { measureFlower } from "./flower.ts";
import { measureIngest } from "./ingest.ts";
import { measureLoad } from "./load/measure.ts";
import { measureKernels } from "./kernels.ts";
import { measureLargeParcels } from "./large_parcels.ts";
import { measureLog } from "./log.ts";
import { measureMask } from "./mask.ts";
import { measureNoise } from "./noise.ts";
import { measureQuality, measureQualityLong } from "./quality.ts";
import { measureRound } from "./round.ts";
import { measureSimulate } from "./simulate.ts";
import { measureTrain } from "./train.ts";
import { measureTransformer } from "./transformer.ts";
import { measureWorkerd } from "./workerd.ts";

/** A group of figures that are measured together. */
export interface Part {
  /** Short name, for the command line and the results file. */
  readonly name: string;
  /** What is measured. */
  readonly title: string;
  /** How long it takes on two quiet cores. */
  readonly duration: string;
  /** Whether it is left out unless it is named. */
  readonly onDemand?: boolean;
  /** Measures. */
  readonly run: () => Promise<readonly Figure[]>;
}

/** All parts, in the order of the results file. */
export const PARTS: readonly Part[] = [
  {
    name: "kernels",
    title: "Kernels in one thread",
    duration: "2 s",
    run: measureKernels,
  },
  {
    name: "mask",
    title: "Masking a million values in one thread, beside Flower's",
    duration: "2 min, and some more the first time for Python packages",
    run: measureMask,
  },
  {
    name: "noise",
    title: "Blurring a million values in one thread",
    duration: "5 s",
    run: measureNoise,
  },
  {
    name: "ct",
    title: "Time that secrets take: Welch's t of one fixed secret against many",
    duration: "3 min",
    run: () => measureConstantTime(),
  },
  {
    name: "ingest",
    title: "A region's ingest over loopback HTTP",
    duration: "1 min",
    run: measureIngest,
  },
  {
    name: "large",
    title: "Parcels of 16 Mi and 64 M values in objects of workerd",
    duration: "1 min",
    run: measureLargeParcels,
  },
  {
    name: "workerd",
    title: "A region in workerd: what it weighs, and how soon it takes an update",
    duration: "1 min",
    run: measureWorkerd,
  },
  {
    name: "round",
    title: "A round over loopback HTTP",
    duration: "1 min",
    run: measureRound,
  },
  {
    name: "log",
    title: "A round log of 100 000 entries",
    duration: "10 s",
    run: measureLog,
  },
  {
    name: "load",
    title: "A thousand devices at once against one region of every kind",
    duration: "4 min",
    onDemand: true,
    run: measureLoad,
  },
  {
    name: "simulate",
    title: "Simulations in two threads",
    duration: "1 min",
    run: measureSimulate,
  },
  {
    name: "quality",
    title: "Quality on MovieLens latest-small",
    duration: "5 min",
    run: measureQuality,
  },
  {
    name: "adult",
    title: "Quality on Adult over 1000 clients",
    duration: "1 min",
    run: measureAdult,
  },
  {
    name: "demo",
    title: "The demo on MovieLens latest-small",
    duration: "3 min",
    run: () => measureDemo(),
  },
  {
    name: "demo-mask",
    title: "The demo, masked and not",
    duration: "1 min",
    run: measureDemoMask,
  },
  {
    name: "quality-long",
    title: "Quality of the exact form, of fewer dimensions, of BPR and of NCF",
    duration: "30 min",
    onDemand: true,
    run: measureQualityLong,
  },
  {
    name: "flower",
    title: "A simulated round beside Flower's",
    duration: "3 min, and some more the first time for Python packages",
    onDemand: true,
    run: measureFlower,
  },
  {
    name: "train",
    title: "Training kernels beside TensorFlow.js's",
    duration: "20 s, and a minute and 300 MB the first time for npm packages",
    onDemand: true,
    run: measureTrain,
  },
  {
    name: "transformer",
    title: "A Transformer block beside PyTorch's",
    duration: "10 s, and some minutes and 6 GB the first time for Python packages",
    onDemand: true,
    run: measureTransformer,
  },
];

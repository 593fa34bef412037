/**
 * All models, by the name that they have in a task.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { ease } from "./ease.ts";
import type { EaseModel } from "./ease.ts";
import type { EaseSettings } from "./ease_options.ts";
import { heavyHitters } from "./heavy_hitters.ts";
import type { HeavyHittersModel } from "./heavy_hitters.ts";
import type { HeavyHittersSettings } from "./heavy_hitters_options.ts";
import { histogramFrom } from "./histogram.ts";
import type { HistogramModel } from "./histogram.ts";
import { ials } from "./ials.ts";
import type { IalsModel } from "./ials.ts";
import type { IalsSettings } from "./ials_options.ts";
import { logistic } from "./logistic.ts";
import type { LogisticModel, LogisticSettings } from "./logistic.ts";
import { meanFrom } from "./mean.ts";
import type { MeanModel } from "./mean.ts";
import { mf } from "./mf.ts";
import type { MfModel } from "./mf.ts";
import type { MfSettings } from "./mf_options.ts";
import { mlp } from "./mlp.ts";
import type { MlpModel, MlpSettings } from "./mlp.ts";
import type { KindOptions } from "./model.ts";
import { ncf } from "./ncf.ts";
import type { NcfModel } from "./ncf.ts";
import type { NcfSettings } from "./ncf_options.ts";
import { tensorsFrom } from "./tensors.ts";
import type { TensorsModel } from "./tensors.ts";
import { TRAIN_FIELD_NAMES } from "./train_settings.ts";

/** Any model. */
export type AnyModel =
  | MfModel
  | IalsModel
  | EaseModel
  | NcfModel
  | LogisticModel
  | MlpModel
  | MeanModel
  | HistogramModel
  | HeavyHittersModel
  | TensorsModel;

/** Settings by name, as a task holds them. */
export type Settings = Readonly<Record<string, unknown>>;

/** Name of a model. */
type Kind = AnyModel["options"]["kind"];

/**
 * Which settings say how clients train, and stand under `train` in a task; the others say what is
 * learned. Of a `tensors` model they are the business of its clients' own trainers.
 */
const TRAIN_SETTINGS: Readonly<Record<Kind, readonly string[]>> = {
  mf: ["negatives", "personSteps", "personRate", "personDecay", "itemRate", "clip", "sends"],
  ials: ["clip"],
  ease: ["cap"],
  ncf: [
    ...["negatives", "personSteps", "personRate", "personDecay", "clip", "sends"],
    ...TRAIN_FIELD_NAMES,
  ],
  logistic: TRAIN_FIELD_NAMES,
  mlp: TRAIN_FIELD_NAMES,
  mean: ["cap"],
  histogram: ["several"],
  "heavy-hitters": ["votes"],
  tensors: [],
};

/** A model's settings as a task holds them: what is learned, and how clients train. */
export interface ModelDocument {
  /** The model's kind, and what is learned. */
  readonly model: KindOptions;
  /** How clients train. */
  readonly train: Settings;
}

/** The two parts of a model's settings. */
export function modelDocument({ options }: AnyModel): ModelDocument {
  const trains = (name: string): boolean => TRAIN_SETTINGS[options.kind].includes(name);
  const entries = Object.entries(options);
  const learned = entries.filter(([name]) => !trains(name));
  return {
    model: { ...Object.fromEntries(learned), kind: options.kind },
    train: Object.fromEntries(entries.filter(([name]) => trains(name))),
  };
}

/**
 * The model that a task names.
 *
 * @param model Kind and settings.
 * @param train Settings of the training, which take the place of any in `model`.
 * @throws {TributaryError} `task-refused`, with the models there are or the first setting that does
 * not fit.
 */
export function modelFrom(model: unknown, train: Settings = {}): AnyModel {
  const kind = kindOf(model);
  if (!isKind(kind)) {
    throw new TributaryError(
      "task-refused",
      `Cannot use model ${JSON.stringify(kind)}: expected one of ${
        Object.keys(TRAIN_SETTINGS).join(", ")
      }`,
    );
  }
  if (kind === "tensors") return tensorsFrom(model);
  const known = TRAIN_SETTINGS[kind];
  const stranger = Object.keys(train).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new TributaryError(
      "task-refused",
      `Cannot train ${kind} by ${JSON.stringify(stranger)}: expected one of ${known.join(", ")}`,
    );
  }
  // Both check every setting, so that what is unknown here may be taken for what they expect.
  const settings = { ...model as object, ...train };
  switch (kind) {
    case "mf":
      return mf(settings as MfSettings);
    case "ials":
      return ials(settings as IalsSettings);
    case "ease":
      return ease(settings as EaseSettings);
    case "ncf":
      return ncf(settings as NcfSettings);
    case "logistic":
      return logistic(settings as LogisticSettings);
    case "mlp":
      return mlp(settings as MlpSettings);
    case "mean":
      return meanFrom(settings);
    case "histogram":
      return histogramFrom(settings);
    case "heavy-hitters":
      return heavyHitters(settings as HeavyHittersSettings);
    default:
      return kind satisfies never;
  }
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

function isKind(kind: unknown): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(TRAIN_SETTINGS, kind);
}

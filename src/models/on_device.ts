/**
 * A built-in model on one device: how it trains there, and what it is good for.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { Trainer } from "../core/trainer.ts";
import type {
  Device,
  Examples,
  ItemExamples,
  PersonExamples,
  Predictor,
  Scorer,
  TableExamples,
  ValueExamples,
} from "./model.ts";
import type { AnyModel } from "./registry.ts";

/** What a device may ask a model for. */
export type ModelUse =
  /** Items for the person whose examples it has. */
  | {
    readonly kind: "recommend";
    /** Scores every item. */
    readonly scorer: Scorer;
    /** What the person has already. */
    readonly items: Uint32Array;
  }
  /** Labels of new examples. */
  | {
    readonly kind: "predict";
    /** Predicts, row by row. */
    readonly predictor: Predictor;
  }
  /** Nothing but the tensors themselves, of a statistic: see `./analytics`. */
  | { readonly kind: "read" };

/** What {@link onDevice} gives. */
export interface OnDevice {
  /** Trains on the device's examples. */
  readonly trainer: Trainer;
  /** Uses what was learned. */
  readonly use: ModelUse;
}

/**
 * A built-in model's training and use on one device.
 *
 * @throws {TributaryError} `bad-data` if the examples are of another form than the model takes.
 */
export function onDevice(model: AnyModel, device: Device<Examples>): OnDevice {
  const { core, examples, state } = device;
  switch (model.takes) {
    case "interactions": {
      if (!isInteractions(examples)) return refuse(model, examples, "one person's interactions");
      const own = { core, examples, state };
      const use = { kind: "recommend", scorer: model.scorer(own), items: examples.items } as const;
      return { trainer: model.trainer(own), use };
    }
    case "table":
      if (!isTable(examples)) return refuse(model, examples, "a table");
      return {
        trainer: model.trainer({ core, examples }),
        use: { kind: "predict", predictor: model.predictor(core) },
      };
    case "values":
      if (!isValues(examples)) return refuse(model, examples, "values");
      return { trainer: model.trainer({ examples }), use: { kind: "read" } };
    case "items":
      if (!isItems(examples)) return refuse(model, examples, "items");
      return { trainer: model.trainer({ examples }), use: { kind: "read" } };
    case "nothing":
      return refuse(model, examples, "a trainer of the client's own");
    default:
      return model satisfies never;
  }
}

function isInteractions(examples: Examples): examples is PersonExamples {
  return examples.kind === undefined || examples.kind === "interactions";
}

function isTable(examples: Examples): examples is TableExamples {
  return examples.kind === "table";
}

function isValues(examples: Examples): examples is ValueExamples {
  return examples.kind === "values";
}

function isItems(examples: Examples): examples is ItemExamples {
  return examples.kind === "items";
}

function refuse({ options }: AnyModel, { kind = "interactions" }: Examples, wanted: string): never {
  throw new TributaryError(
    "bad-data",
    `Cannot train ${options.kind} on examples of the form ${kind}: expected ${wanted}`,
  );
}

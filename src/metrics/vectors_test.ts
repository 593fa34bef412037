import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { classificationReport } from "./classification.ts";
import { brierScore, categoricalLogLoss, logLoss } from "./log_loss.ts";
import { rankOfTarget, topK } from "./order.ts";
import {
  averagePrecisionAt,
  coverage,
  gradedNdcg,
  hitRate,
  ndcg,
  precision,
  recall,
  reciprocalRank,
} from "./ranking.ts";
import { regressionReport } from "./regression.ts";
import { auc, averagePrecision, rocCurve } from "./roc.ts";

/** The published cases, by their kind. */
type Case =
  | {
    kind: "ranking";
    name: string;
    items: number;
    k: number[];
    scores: number[][];
    relevant: number[][];
    top10: number[][];
    per_user: Record<string, (number | null)[]>;
    mean: Record<string, number>;
    catalogue: Record<string, number>;
  }
  | {
    kind: "graded_ndcg";
    grades: number[][];
    scores: number[][];
    linear_gain: Record<string, number[]>;
    exponential_gain: Record<string, number[]>;
  }
  | {
    kind: "tie_rule";
    rows: {
      positive: number;
      negatives: number[];
      rank_ties_against: number;
      rank_average: number;
      rank_ties_for: number;
    }[];
  }
  | {
    kind: "binary";
    name: string;
    labels: number[];
    scores: number[];
    auc: number;
    average_precision: number;
    roc_fpr: number[];
    roc_tpr: number[];
  }
  | {
    kind: "log_loss";
    labels: number[];
    probabilities: number[];
    log_loss: number;
    brier?: number;
    weights?: number[];
    weighted_log_loss?: number;
  }
  | {
    kind: "log_loss_multiclass";
    labels: number[];
    probabilities: number[][];
    log_loss: number;
  }
  | {
    kind: "classification";
    name: string;
    labels: number[];
    predictions: number[];
    classes: number[];
    confusion: number[][];
    accuracy: number;
    precision: number[];
    recall: number[];
    f1: number[];
    macro_f1: number;
    micro_f1: number;
    weighted_f1: number;
    balanced_accuracy: number;
    matthews: number;
    cohen_kappa: number;
  }
  | {
    kind: "regression";
    targets: number[];
    predictions: number[];
    mse: number;
    rmse: number;
    mae: number;
    r2: number;
  };

const VECTORS = new URL("../../../shared/vectors/metrics.json", import.meta.url);
const there = existsSync(VECTORS);
const ignore = !there && Deno.env.get("CI") !== "true";

function cases<K extends Case["kind"]>(kind: K): Extract<Case, { kind: K }>[] {
  const all = JSON.parse(readFileSync(VECTORS, "utf8")).cases as Case[];
  const found = all.filter((one): one is Extract<Case, { kind: K }> => one.kind === kind);
  assert.ok(found.length > 0, `no case of kind ${kind}`);
  return found;
}

function near(found: number | undefined, expected: number, what: string): void {
  assert.ok(
    found !== undefined && Math.abs(found - expected) <= 1e-10,
    `${what}: ${found}, expected ${expected}`,
  );
}

function allNear(found: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(found.length, expected.length, what);
  found.forEach((value, at) => near(value, expected[at]!, `${what}[${at}]`));
}

const RANKING = {
  recall,
  precision,
  ndcg,
  hit_rate: hitRate,
  ap: averagePrecisionAt,
  rr: reciprocalRank,
} as const;

const MEAN_NAMES: Readonly<Record<string, string>> = { ap: "map", rr: "mrr", auc: "mean_user_auc" };

Deno.test("vectors: no kind of case is left out", { ignore }, () => {
  const kinds = new Set(
    (JSON.parse(readFileSync(VECTORS, "utf8")).cases as Case[]).map(({ kind }) => kind),
  );
  assert.deepEqual([...kinds].sort(), [
    "binary",
    "classification",
    "graded_ndcg",
    "log_loss",
    "log_loss_multiclass",
    "ranking",
    "regression",
    "tie_rule",
  ]);
});

for (const at of there ? cases("ranking").keys() : [0]) {
  Deno.test(
    `vectors: ranking, case ${at + 1}, for each person, on average, and for the catalogue`,
    {
      ignore,
    },
    () => {
      const one = cases("ranking")[at]!;
      const { scores, relevant, items } = one;
      const ranked = scores.map((row) => topK(row, { k: items }));
      const wanted = relevant.map((row) => new Set(row));
      scores.forEach((row, user) =>
        assert.deepEqual([...topK(row, { k: 10 })], one.top10[user], "top 10")
      );
      for (const [key, expected] of Object.entries(one.per_user)) {
        const [name = "", cut] = key.split("@");
        const options = cut === undefined ? {} : { k: Number(cut) };
        const values = ranked.map((list, user) => {
          if (name !== "auc") {
            return RANKING[name as keyof typeof RANKING](list, wanted[user]!, options);
          }
          const labels = scores[user]!.map((_, item) => wanted[user]!.has(item) ? 1 : 0);
          return auc(labels, scores[user]!);
        });
        values.forEach((value, user) => {
          const published = expected[user]!;
          if (published === null) assert.equal(value, undefined, `${key} of user ${user}`);
          else near(value, published, `${key} of user ${user}`);
        });
        const counted = values.filter((value) => value !== undefined);
        const mean = counted.reduce((sum, value) => sum + value, 0) / counted.length;
        const meanKey = key.replace(name, MEAN_NAMES[name] ?? name);
        near(mean, one.mean[meanKey]!, `mean ${meanKey}`);
      }
      assert.equal(Object.keys(one.per_user).length, Object.keys(one.mean).length);
      for (const [key, expected] of Object.entries(one.catalogue)) {
        near(coverage(ranked, { k: Number(key.split("@")[1]), items }), expected, key);
      }
    },
  );
}

Deno.test("vectors: graded NDCG with linear and exponential gain", { ignore }, () => {
  for (const { grades, scores, linear_gain, exponential_gain } of cases("graded_ndcg")) {
    for (
      const [gain, table] of [["linear", linear_gain], ["exponential", exponential_gain]] as const
    ) {
      for (const [key, expected] of Object.entries(table)) {
        const k = Number(key.split("@")[1]);
        const found = scores.map((row, user) =>
          gradedNdcg(topK(row, { k: row.length }), grades[user]!, { k, gain })
        );
        allNear(found, expected, `${gain} ${key}`);
      }
    }
  }
});

Deno.test("vectors: the rank of a positive under each rule for ties", { ignore }, () => {
  for (const { rows } of cases("tie_rule")) {
    for (const { positive, negatives, ...expected } of rows) {
      const scores = [positive, ...negatives];
      assert.deepEqual({
        rank_ties_against: rankOfTarget(scores, 0),
        rank_average: rankOfTarget(scores, 0, { ties: "average" }),
        rank_ties_for: rankOfTarget(scores, 0, { ties: "for" }),
      }, expected);
    }
  }
});

Deno.test("vectors: AUC, average precision and ROC curve", { ignore }, () => {
  for (const one of cases("binary")) {
    near(auc(one.labels, one.scores), one.auc, `AUC, ${one.name}`);
    near(averagePrecision(one.labels, one.scores), one.average_precision, `AP, ${one.name}`);
    const { fpr, tpr } = rocCurve(one.labels, one.scores);
    allNear(fpr, one.roc_fpr, `fpr, ${one.name}`);
    allNear(tpr, one.roc_tpr, `tpr, ${one.name}`);
  }
});

Deno.test("vectors: log-loss, weighted log-loss and Brier score", { ignore }, () => {
  for (const { labels, probabilities, weights, ...expected } of cases("log_loss")) {
    near(logLoss(labels, probabilities), expected.log_loss, "log-loss");
    if (expected.brier !== undefined) {
      near(brierScore(labels, probabilities), expected.brier, "Brier score");
    }
    if (weights !== undefined) {
      near(logLoss(labels, probabilities, { weights }), expected.weighted_log_loss!, "weighted");
    }
  }
  for (const { labels, probabilities, log_loss } of cases("log_loss_multiclass")) {
    near(categoricalLogLoss(labels, probabilities), log_loss, "categorical log-loss");
  }
});

Deno.test("vectors: classification", { ignore }, () => {
  for (const { name, labels, predictions, classes, ...expected } of cases("classification")) {
    const found = classificationReport(labels, predictions, { classes: classes.length });
    assert.deepEqual(found.confusion, expected.confusion, name);
    near(found.accuracy, expected.accuracy, `accuracy, ${name}`);
    allNear(found.precision, expected.precision, `precision, ${name}`);
    allNear(found.recall, expected.recall, `recall, ${name}`);
    allNear(found.f1, expected.f1, `F1, ${name}`);
    near(found.macroF1, expected.macro_f1, `macro F1, ${name}`);
    near(found.microF1, expected.micro_f1, `micro F1, ${name}`);
    near(found.weightedF1, expected.weighted_f1, `weighted F1, ${name}`);
    near(found.balancedAccuracy, expected.balanced_accuracy, `balanced accuracy, ${name}`);
    near(found.matthews, expected.matthews, `Matthews, ${name}`);
    near(found.cohenKappa, expected.cohen_kappa, `kappa, ${name}`);
  }
});

Deno.test("vectors: regression", { ignore }, () => {
  for (const { targets, predictions, ...expected } of cases("regression")) {
    const found = regressionReport(targets, predictions);
    near(found.mse, expected.mse, "mse");
    near(found.rmse, expected.rmse, "rmse");
    near(found.mae, expected.mae, "mae");
    near(found.r2, expected.r2, "r2");
  }
});

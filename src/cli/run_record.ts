/**
 * What a training run leaves behind: the content of `run.json`, and all that the report draws.
 *
 * @module
 */
import type { LoggedSpend } from "../wire/log.ts";
import type { ModelInfo } from "../wire/round_info.ts";
import type { Task } from "../wire/task.ts";
import type { PrivacyRecord } from "./privacy_record.ts";
import type { Reading } from "./reading.ts";

/** Quality of one way to recommend, all on the same split and the same negatives. */
export interface MethodResult {
  /** `popularity`, `local only`, `federated` or `central`. */
  readonly method: string;
  /** Hit rate at 10 among the test item and 99 negatives. */
  readonly hitRate: number;
  /** NDCG at 10 among the test item and 99 negatives. */
  readonly ndcg: number;
  /** Share of people whose test item is among the first ten of all items they have not seen. */
  readonly recall: number;
  /** Share of all items that appear in anyone's first ten. */
  readonly coverage: number;
}

/** One round as the root and the clients saw it. */
export interface RoundFigures {
  /** Number of the round. */
  readonly round: number;
  /** Clients in the sum; 0 when the round was abandoned. */
  readonly clients: number;
  /** From opening to publishing. */
  readonly seconds: number;
  /** Bytes of updates that clients sent. */
  readonly bytesUp: number;
  /** Bytes of models that clients fetched. */
  readonly bytesDown: number;
  /** Means over the clients, of the model that the round started from. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What a private task has spent so far, if the round's sum was opened. */
  readonly spent?: LoggedSpend;
}

/** One aggregator of the tree. */
export interface TreeNode {
  /** Name shown to people. */
  readonly name: string;
  /** Where it listened. */
  readonly url: string;
  /** Its identity: base64url SHA-256 of its public key. */
  readonly id: string;
  /** Clients enrolled at it directly. */
  readonly clients: number;
}

/** One recommended item. */
export interface Recommended {
  /** Original id of the item. */
  readonly item: string;
  /** Its title, or its id where there is none. */
  readonly title: string;
  /** The model's score; only its order means something. */
  readonly score: number;
}

/** What every record begins with. */
export interface RunHead {
  /** Version of the library. */
  readonly tributary: string;
  /** When it started, ISO 8601. */
  readonly started: string;
  /** Wall time from start to the last figure, starts that were resumed not counted. */
  readonly seconds: number;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Digest of the task, its name. */
  readonly taskId: string;
  /** The task document. */
  readonly task: Task;
}

/** A whole run. */
export interface RunRecord extends RunHead {
  /** What was learned from. */
  readonly data: {
    readonly name: string;
    /** File or folder as it was given; null for invented ratings, which the seed gives again. */
    readonly path: string | null;
    /** How the ratings were read. */
    readonly reading: Reading;
    /** Digest of the ratings. */
    readonly digest: string;
    readonly people: number;
    readonly items: number;
    readonly ratings: number;
  };
  /** Root first, then its regions. */
  readonly tree: readonly TreeNode[];
  /** In order. */
  readonly rounds: readonly RoundFigures[];
  /** Who can learn what, and what was spent of a budget. */
  readonly privacy: PrivacyRecord;
  /** In the order of the table. */
  readonly results: readonly MethodResult[];
  /** Ten recommendations for one person. */
  readonly example: { readonly person: string; readonly items: readonly Recommended[] };
  /** The published model. */
  readonly model: ModelInfo;
}

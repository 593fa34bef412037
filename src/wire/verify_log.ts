/**
 * Checking a round log from its first entry to its last, without trusting who keeps it.
 *
 * @module
 */
import { fromBase64Url, fromHex, toHex } from "../core/bytes.ts";
import { type Digest, promptDigest, webDigest } from "../core/digest.ts";
import { isTributaryError, TributaryError } from "../core/errors.ts";
import { type CheckOf, hasSmallOrder, type SignatureCheck, webCheckOf } from "../core/identity.ts";
import { sealed } from "./domain.ts";
import { LOG_START, type LogEntry, logEntrySchema, type LoggedSpend } from "./log.ts";
import type { LogHeadBody } from "./log_head.ts";
import { addEntry, frontierRoot, NO_ENTRIES } from "./merkle_frontier.ts";
import { readMessage } from "./message.ts";
import type { FinishReason, ModelInfo } from "./round_info.ts";
import { planDigest } from "./session_id.ts";
import { type Task, taskId } from "./task.ts";
import { followEvent, type Ground, type Progress } from "./verify_events.ts";
import { expectEqual, refuse } from "./verify_sum.ts";

/** What a log is checked against. */
export interface VerifyLogOptions {
  /** The checked task that the log should be of. */
  readonly task: Task;
  /**
   * Public key of who keeps the log, base64url: the last one, where the log tells of others before it.
   */
  readonly signer: string;
  /**
   * Heads that the keeper has signed, to this or another reader, checked by {@link verifyLogHead}: the
   * log has to begin with each.
   */
  readonly heads?: readonly LogHeadBody[];
  /**
   * Hash of the last entry, if known from elsewhere. A log cut short at its end is a log too, so only
   * this shows that nothing is missing there.
   */
  readonly head?: string;
  /**
   * What a private task has spent after so many opened sums, as `spentAfter` of the task gives it; a log
   * of such a task cannot be checked without.
   */
  readonly spentAfter?: (sums: number) => number;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
  /** How signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
}

/** What a good log says in all. */
export interface LogSummary {
  /** Whether a root or a region keeps it. */
  readonly role: "root" | "region";
  /** Number of entries. */
  readonly entries: number;
  /** Rounds that published a model, or at a region, that were forwarded. */
  readonly rounds: number;
  /** Rounds that were abandoned. */
  readonly abandoned: number;
  /** Clients in all those sums together. */
  readonly clients: number;
  /** The latest model; undefined in a region's log without a round. */
  readonly model: ModelInfo | undefined;
  /** Why the task ended; undefined while it goes on. */
  readonly finished: FinishReason | undefined;
  /** What a private task has spent; undefined before the first sum, of other tasks and of regions. */
  readonly spent: LoggedSpend | undefined;
  /** Hash of the last entry, to compare with what others were shown. */
  readonly head: string;
  /** Merkle root over the hashes of all entries, hex: what a head of this log says. */
  readonly root: string;
  /** Public key of who keeps the log after the last entry, base64url. */
  readonly keeper: string;
}

/**
 * Checks every entry of a log: form, order, hash, signature, and that what it says follows from the
 * task and the entries before it.
 *
 * Each round has the sid of the model before it; a root's rounds are numbered without gaps, its
 * models too; a published round has at least `clients.min` and at most `clients.max` clients, and no
 * more than were asked, who are as many as the task samples; the groups of a masked round are of its
 * sum, of at least `mask.min` clients each; a private task has spent what its opened sums cost, and no more
 * than it may; nothing follows the end but a change of the keeper's key.
 *
 * @param entries Unknown data, one entry each, from the first.
 * @throws {TributaryError} `log-invalid`, naming the first entry that does not fit; `log-forked` if the
 * keeper has signed a head that the log does not begin with.
 */
export async function verifyLog(
  entries: readonly unknown[],
  options: VerifyLogOptions,
): Promise<LogSummary> {
  const verifier = createLogVerifier({ ...options, signer: firstKeeper(entries, options.signer) });
  for (const entry of entries) await verifier.add(entry);
  const summary = await verifier.summary();
  const { head = summary.head, signer, heads = [] } = options;
  const last = `Cannot trust log entry ${entries.length - 1} as the last`;
  if (head !== summary.head) {
    throw new TributaryError(
      "log-invalid",
      `${last}: its hash is ${summary.head}, expected ${head}`,
    );
  }
  if (signer !== summary.keeper) {
    throw new TributaryError(
      "log-invalid",
      `${last}: its keeper's key is ${summary.keeper}, expected ${signer}`,
    );
  }
  const longer = heads.find(({ size }) => size > entries.length);
  if (longer !== undefined) {
    throw new TributaryError(
      "log-forked",
      `Cannot trust the log: it has ${entries.length} entries, but its keeper has signed a head of ` +
        longer.size,
    );
  }
  return summary;
}

/** Who signed a log's first entries: the first change of keys tells it, before it is checked itself. */
function firstKeeper(entries: readonly unknown[], signer: string): string {
  for (const unknown of entries) {
    const event = (unknown as Partial<LogEntry> | null)?.body?.event;
    if (event?.kind === "rekeyed" && typeof event.from === "string") return event.from;
  }
  return signer;
}

/** Checks a log entry by entry, as it grows. */
export interface LogVerifier {
  /**
   * Checks the next entry. One at a time; after one that was refused none can follow.
   *
   * @throws {TributaryError} As {@link verifyLog}.
   */
  add(entry: unknown): Promise<void>;
  /**
   * What the entries so far say in all.
   *
   * @throws {TributaryError} `log-invalid` before the first.
   */
  summary(): Promise<LogSummary>;
}

/**
 * A verifier that has seen no entry yet.
 *
 * @param options As {@link verifyLog} takes them, but for what can only be told at a log's end; `signer`
 * is who signs the first entry.
 */
export function createLogVerifier(options: Omit<VerifyLogOptions, "head">): LogVerifier {
  const { task, digest = webDigest, checkOf = webCheckOf, spentAfter, heads = [] } = options;
  let [prev, keeper, tree] = [LOG_START, options.signer, NO_ENTRIES];
  const keepers = new Set([keeper]);
  let progress: Progress | undefined;
  let ground: Ground | undefined;
  let check: SignatureCheck | undefined;

  async function checkLink({ body, hash, signature }: LogEntry, { id }: Ground): Promise<void> {
    expectEqual("seq", body.seq, tree.entries);
    expectEqual("prev", body.prev, prev);
    expectEqual("task", body.task, id);
    const bytes = sealed("log", body);
    expectEqual("hash", hash, toHex(await digest(bytes)));
    check ??= await checkOfKeeper(keeper, checkOf);
    if (!await check(bytes, fromBase64Url(signature))) {
      refuse("its signature is not that of the log's keeper");
    }
    if (body.event.kind === "rekeyed") expectEqual("old key", body.event.from, keeper);
  }

  /** Whatever heads were signed over the entries so far must have their root. */
  async function checkHeads(): Promise<void> {
    const here = heads.filter(({ size }) => size === tree.entries);
    if (here.length === 0) return;
    const stranger = here.find((head) => !keepers.has(head.keeper));
    if (stranger !== undefined) {
      throw new TributaryError(
        "log-invalid",
        `Cannot check a head of ${stranger.size} entries: ${stranger.keeper} has signed it, who has ` +
          "not kept this log",
      );
    }
    const root = toHex(await frontierRoot(tree, promptDigest));
    const other = here.find((head) => head.root !== root);
    if (other === undefined) return;
    throw new TributaryError(
      "log-forked",
      `Cannot trust the log: the root of its first ${other.size} entries is ${root}, but its keeper ` +
        `has signed ${other.root}`,
    );
  }

  return {
    async add(unknown) {
      const seq = tree.entries;
      try {
        ground ??= {
          ...{ task, digest, spentAfter },
          id: await taskId(task, digest),
          plan: await planDigest(task, digest),
        };
        const entry = readMessage(logEntrySchema, unknown, { what: "it", code: "log-invalid" });
        await checkLink(entry, ground);
        const { event } = entry.body;
        progress = await followEvent(progress, event, ground);
        prev = entry.hash;
        if (event.kind === "rekeyed") {
          keepers.add(keeper = event.to);
          check = undefined;
        }
        tree = await addEntry(tree, fromHex(entry.hash), promptDigest);
      } catch (error) {
        if (!isTributaryError(error, "log-invalid")) throw error;
        throw new TributaryError("log-invalid", `Cannot trust log entry ${seq}: ${error.message}`, {
          cause: error,
        });
      }
      await checkHeads();
    },

    async summary() {
      if (progress === undefined) {
        throw new TributaryError(
          "log-invalid",
          "Cannot trust a log: it is empty, expected an entry",
        );
      }
      const { lastRound: _, ...summary } = progress;
      const root = toHex(await frontierRoot(tree, promptDigest));
      return { ...summary, entries: tree.entries, head: prev, root, keeper };
    },
  };
}

/** What is no key at all has signed nothing. */
async function checkOfKeeper(keeper: string, checkOf: CheckOf): Promise<SignatureCheck> {
  try {
    const key = fromBase64Url(keeper);
    if (!hasSmallOrder(key)) return await checkOf(key);
  } catch {
    // The same as one of small order.
  }
  return () => false;
}

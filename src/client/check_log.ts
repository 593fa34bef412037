/**
 * Checking the round log that an aggregator shows: all of it, or that it is still the one seen before.
 *
 * @module
 */
import { fromHex } from "../core/bytes.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { promptDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { type Fetch, systemFetch } from "../core/fetch.ts";
import { type CheckOf, generateIdentity } from "../core/identity.ts";
import { type RandomSource, systemRandom } from "../core/random.ts";
import { taskSpend } from "../update/private_plan.ts";
import { signalOf } from "../wire/call.ts";
import { type LogHead, type LogHeadBody, verifyLogHead } from "../wire/log_head.ts";
import { createLogPeer, type LogPeer } from "../wire/log_peer.ts";
import { isPrefix } from "../wire/merkle_consistency.ts";
import { onlyTask } from "../wire/only_task.ts";
import { createPeer } from "../wire/peer.ts";
import { rootKeyOf, type SignedTask, type TaskOffer } from "../wire/task.ts";
import { type LogSummary, verifyLog } from "../wire/verify_log.ts";

/** A head may be so much older, or newer, than the reader's clock says. */
const HEAD_AGE_MS = 3_600_000;

/** What a log is checked against, and the world around. */
export interface CheckLogOptions {
  /** Digest of the task, where the aggregator has several. */
  readonly task?: string;
  /**
   * Heads that were seen at this address before, by this or another reader, checked each; those of other
   * tasks are passed over.
   */
  readonly heads?: readonly LogHead[];
  /** Is told the log's head once its signature is checked, whatever else is found. */
  readonly seen?: (head: LogHead) => void;
  /** How requests travel; the platform's `fetch` by default. */
  readonly fetch?: Fetch;
  /** The platform's by default. */
  readonly clock?: Clock;
  /** The platform's by default. */
  readonly random?: RandomSource;
  /** How entries' signatures are checked; by WebCrypto unless the platform has something faster. */
  readonly checkOf?: CheckOf;
  /** Ends the check. */
  readonly signal?: AbortSignal;
}

/** A log whose head is good. */
export interface CheckedHead {
  /** Digest of the task. */
  readonly task: string;
  /** The task, and who keeps the log. */
  readonly offer: TaskOffer;
  /** The head, to be kept for the next check, and compared with what others have. */
  readonly head: LogHead;
}

/** A log that is good. */
export interface CheckedLog extends CheckedHead {
  /** What it says in all. */
  readonly summary: LogSummary;
}

/**
 * Checks a whole log: every entry as {@link verifyLog} does, that the entries are those of the head that
 * the keeper signs, and that they begin with each head seen before.
 *
 * @param url Address of a root or region.
 * @throws {TributaryError} `log-invalid` if it is no good log; `log-forked` if its keeper has signed
 * another one: the two heads show it to everybody.
 *
 * @example A log is checked, and held against its head later
 * ```ts ignore
 * const { head, summary } = await checkLog("https://root.example");
 * console.log(summary.rounds, head.body.root);
 * // Later, or by somebody else who was given the head:
 * await checkLog("https://root.example", { heads: [head] });
 * ```
 */
export async function checkLog(url: string, options: CheckLogOptions = {}): Promise<CheckedLog> {
  const { peer, task, offer, head } = await headAt(url, options);
  const { size } = head.body;
  const entries = await peer.entries(task, { size, ...signalOf(options) });
  const seen = await checkedHeads(task, options);
  const spend = taskSpend(offer.task);
  const summary = await verifyLog(entries, {
    task: offer.task,
    signer: head.body.keeper,
    heads: [...seen, head.body],
    ...(spend && { spentAfter: spend.after }),
    ...(options.checkOf && { checkOf: options.checkOf }),
  });
  checkKeeper(summary, offer);
  return { task, offer, head, summary };
}

/**
 * Checks that a root's log is kept by whom the task's owner says; a region's may be by anybody.
 *
 * @param signed The task with its owner's key, checked.
 * @throws {TributaryError} `log-invalid` if it is not.
 */
export function checkKeeper(
  { role, keeper }: LogSummary,
  signed: Pick<SignedTask, "owner" | "root">,
): void {
  const root = rootKeyOf(signed);
  if (role === "root" && keeper !== root) {
    refuse(`${keeper} keeps it, expected the task's root, ${root}`);
  }
}

/**
 * Checks that a log is still the one seen before, by its head and proofs alone: of entries nothing is
 * read, so that it takes as long for a log of a million as for one of ten. What the entries say is not
 * checked.
 *
 * @param url Address of a root or region.
 * @throws {TributaryError} As {@link checkLog}; `log-invalid` also if the keeper has changed its key since.
 */
export async function checkLogHead(
  url: string,
  options: CheckLogOptions = {},
): Promise<CheckedHead> {
  const { peer, task, offer, head } = await headAt(url, options);
  for (const seen of await checkedHeads(task, options)) {
    if (seen.keeper !== head.body.keeper) {
      refuse(`${head.body.keeper} keeps it, expected ${seen.keeper}, unless the whole log says so`);
    }
    await checkPrefix(peer, [seen, head.body], options);
  }
  return { task, offer, head };
}

/** Where a log is, and its head now. */
async function headAt(
  url: string,
  options: CheckLogOptions,
): Promise<CheckedHead & { readonly peer: LogPeer }> {
  const { fetch = systemFetch, clock = systemClock(), random = systemRandom } = options;
  // Reading needs no identity, but a peer has one.
  const around = { url, fetch, clock, random, identity: await generateIdentity() };
  const [peer, aggregator] = [createLogPeer(around), createPeer(around)];
  const task = options.task ?? await onlyTask(aggregator, signalOf(options));
  const offer = await aggregator.task(task, signalOf(options));
  const keeper = offer.region.publicKey;
  const head = await peer.head(task, { keeper, ...signalOf(options) });
  const ageMs = clock.now() - head.body.atMs;
  if (Math.abs(ageMs) > HEAD_AGE_MS) {
    refuse(
      `its head was signed ${Math.round(Math.abs(ageMs) / 60_000)} minutes ` +
        `${ageMs < 0 ? "from now" : "ago"}, expected now`,
    );
  }
  options.seen?.(head);
  return { peer, task, offer, head };
}

async function checkedHeads(
  task: string,
  { heads = [] }: CheckLogOptions,
): Promise<LogHeadBody[]> {
  const checked: LogHeadBody[] = [];
  for (const head of heads) {
    if (head.body.task !== task) continue;
    checked.push((await verifyLogHead(head, { task, keeper: head.body.keeper })).body);
  }
  return checked;
}

/** Has the keeper prove that a log seen before is how the other one begins, whichever is the longer. */
async function checkPrefix(
  peer: LogPeer,
  heads: readonly [LogHeadBody, LogHeadBody],
  options: CheckLogOptions,
): Promise<void> {
  const [seen, now] = heads;
  if (seen.size > now.size) {
    throw new TributaryError(
      "log-forked",
      `Cannot trust the log: it has ${now.size} entries, but its keeper has signed a head of ` +
        seen.size,
    );
  }
  const { proof } = seen.size === now.size || seen.size === 0
    ? { proof: [] }
    : await peer.consistency(now.task, { from: seen.size, to: now.size, ...signalOf(options) });
  const [from, to] = heads.map(({ size, root }) => ({ entries: size, root: fromHex(root) }));
  if (from === undefined || to === undefined) return;
  if (!await isPrefix({ from, to, proof: proof.map(fromHex) }, promptDigest)) {
    throw new TributaryError(
      "log-forked",
      `Cannot trust the log: it does not prove that its ${now.size} entries begin with the ` +
        `${seen.size} whose root its keeper has signed`,
    );
  }
}

function refuse(found: string): never {
  throw new TributaryError("log-invalid", `Cannot trust the log: ${found}`);
}

/**
 * Asking a task's helpers for their shares of a group's key, all at once.
 *
 * @module
 */
import { fromBase64Url } from "../../src/core/bytes.ts";
import { type ErrorCode, isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { identityId } from "../../src/core/identity.ts";
import type { HelperAnswer, Helping } from "../../src/mask/mask.ts";
import { createHelperPeer } from "../../src/wire/helper_peer.ts";
import { type HelperInfo, helpersOf } from "../../src/wire/mask_plan.ts";
import type { GroupToOpen, PreparedAsk } from "./group_to_open.ts";
import type { World } from "../world.ts";

/** What of its world a root asks helpers with. */
export type AskWorld = Pick<
  World,
  "fetch" | "identity" | "clock" | "random" | "digest" | "logger" | "trace"
>;

/** How long helpers are waited for. */
export interface AskOptions {
  /** Ends the asking with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which it is over, whoever has answered; a minute by default. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 60_000;
/** Helpers beyond the threshold are waited for as long as the others took, within these. */
const SPARE_MS = { least: 250, most: 5000 };
/** Until the asking is over. */
const PATIENT = { attempts: Infinity, minMs: 100, maxMs: 5000 };

/**
 * The answers of as many helpers as give one in time.
 *
 * All are asked at once; one that does not know the task is given it. Once the threshold has answered,
 * the others get about as much time again: what they say is a check, and a helper that is gone must not
 * hold up each round.
 *
 * @throws {TributaryError} If fewer than the threshold answer: `shares-missing`, or where helpers refuse
 * because of a client of the group, their code and sentence, which names it.
 */
export async function askHelpers(
  world: AskWorld,
  group: GroupToOpen,
  { helping, prepared, signal, deadlineMs = DEADLINE_MS }: AskOptions & {
    readonly helping: Helping;
    readonly prepared: PreparedAsk;
  },
): Promise<HelperAnswer[]> {
  signal?.throwIfAborted();
  const { clock, logger, trace } = world;
  const over = new AbortController();
  const stop = () => over.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const answers: HelperAnswer[] = [];
  const refusals: Refusal[] = [];
  const helpers = helpersOf(group.signed.task.mask);
  const beganMs = clock.now();
  const endAfter = (ms: number) =>
    clock.sleep(ms, { signal: over.signal }).then(() => over.abort(late(ms)), () => {});
  endAfter(deadlineMs);

  async function ask(helper: number, info: HelperInfo): Promise<void> {
    const asked = {
      kind: "ask",
      task: group.task,
      round: group.round,
      group: group.group,
      helper,
    } as const;
    try {
      const share = await trace(
        asked,
        () => askHelper(world, group, { ...{ helper, info, helping, prepared }, over }),
      );
      logger({ ...asked, ms: clock.now() - beganMs });
      answers.push({ helper, share });
      if (answers.length !== helping.threshold) return;
      const tookMs = clock.now() - beganMs;
      endAfter(Math.min(SPARE_MS.most, Math.max(SPARE_MS.least, tookMs)));
    } catch (error) {
      refusals.push({ helper, error });
      if (signal?.aborted || error === HOPELESS) return;
      const doing = `asking helper ${helper} about group ${group.group} of round ${group.round}`;
      logger({ kind: "failure", doing, error });
      const code = isTributaryError(error) ? error.code : "internal";
      logger({ ...asked, ms: clock.now() - beganMs, code });
      // No use in waiting for others when all of them would be too few.
      if (helpers.length - refusals.length < helping.threshold) over.abort(HOPELESS);
    }
  }

  try {
    await Promise.all(helpers.map((info, at) => ask(at + 1, info)));
  } finally {
    over.abort();
    signal?.removeEventListener("abort", stop);
  }
  signal?.throwIfAborted();
  if (answers.length < helping.threshold) refuse({ answers, refusals, helping, group });
  return answers.sort((a, b) => a.helper - b.helper);
}

/** Why the others are not waited for. */
const HOPELESS = new TributaryError(
  "shares-missing",
  "Cannot wait for the helper: without others that have refused, its answer is of no use",
);

interface Refusal {
  readonly helper: number;
  readonly error: unknown;
}

async function askHelper(
  world: AskWorld,
  group: GroupToOpen,
  { helper, info, helping, prepared, over }: {
    readonly helper: number;
    readonly info: HelperInfo;
    readonly helping: Helping;
    readonly prepared: PreparedAsk;
    readonly over: AbortController;
  },
): Promise<Uint8Array> {
  const { signal } = over;
  const peer = createHelperPeer({ ...world, url: info.url, retry: PATIENT });
  const party = { id: await identityId(fromBase64Url(info.identity)), publicKey: info.identity };
  const ask = {
    head: { ...prepared.head, helper, bytes: prepared.nodeBytes(helper) },
    helper: party,
    shareBytes: helping.answerBytes,
    bytes: prepared.bytes(helper),
    rest: () => prepared.rest(helper),
    signal,
  };
  try {
    return await peer.ask(ask);
  } catch (error) {
    if (!isTributaryError(error, "task-unknown")) throw error;
    await peer.putTask(group.task, group.signed, { helper: party, signal });
    return await peer.ask(ask);
  }
}

/** Codes of refusals that one of the group's clients has brought about. */
const CLIENTS_FAULT: ReadonlySet<ErrorCode> = new Set([
  ...["envelope-malformed", "envelope-misaddressed", "envelope-refused"] as const,
  ...["residue-out-of-range", "length-mismatch", "member-repeated"] as const,
]);

function refuse(
  { answers, refusals, helping, group }: {
    readonly answers: readonly HelperAnswer[];
    readonly refusals: readonly Refusal[];
    readonly helping: Helping;
    readonly group: GroupToOpen;
  },
): never {
  const errors = refusals.map(({ error }) => error).filter((error) => isTributaryError(error));
  const fault = errors.find(({ code }) => CLIENTS_FAULT.has(code));
  if (fault !== undefined) throw new TributaryError(fault.code, fault.message, { cause: fault });
  const codes = refusals.filter(({ error }) => error !== HOPELESS)
    .sort((a, b) => a.helper - b.helper)
    .map(({ helper, error }) =>
      `helper ${helper}: ${isTributaryError(error) ? error.code : "failed"}`
    );
  throw new TributaryError(
    "shares-missing",
    `Cannot open group ${group.group} of round ${group.round}: ${answers.length} helpers ` +
      `answered, ${helping.threshold} must (${codes.join(", ")})`,
  );
}

function late(ms: number): TributaryError {
  return new TributaryError("peer-unreachable", `Cannot reach the helper: no answer in ${ms} ms`);
}

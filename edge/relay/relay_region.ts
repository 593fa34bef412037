/**
 * A region's phases of `secagg_plus`: it passes every message of its clients, or of a region below it,
 * on to its parent under its own signature, and keeps none. It could leave messages out, which makes
 * their clients drop out; it cannot change one, or make one up.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { createPhasePeer } from "../../src/wire/phase_peer.ts";
import type { PhaseHost, PhaseWord } from "./phase_host.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** Tries once: whoever sends a message tries again. */
const ONCE = { attempts: 1, minMs: 0, maxMs: 0 };

/** The phases of a task at a region. */
export function createPhaseRelay(
  world: World,
  life: TaskLife,
  parent: { readonly url: string },
): PhaseHost {
  const { fetch, identity, clock, random, digest, limits } = world;
  const { committer } = life;
  const peer = createPhasePeer({
    ...{ url: parent.url, fetch, identity, clock, random, digest },
    retry: ONCE,
  });
  /** Clients of a round whose boxes were handed out: they have shared. */
  let sharers: { readonly round: number; readonly members: Set<string> } | undefined;
  const polls = new AbortController();
  let waiting = 0;

  function checkAsked({ round, sender }: Pick<PhaseWord, "round" | "sender">): void {
    const { record, shares } = committer.latest;
    const found = record.round.round;
    if (round !== found) {
      throw new TributaryError(
        round > found ? "round-unknown" : "round-closed",
        `Cannot pass on a message of round ${round}: the latest round here is ${found}`,
      );
    }
    if ((shares.get(sender)?.clients ?? 0) > 0) return;
    throw new TributaryError("not-asked", `Cannot pass on a message of ${sender}: it is not asked`);
  }

  function call(word: Pick<PhaseWord, "round" | "member">) {
    const { parent } = committer.latest.record;
    if (parent === null) throw new TypeError("Cannot pass on a message: the task has no parent");
    const { round, member } = word;
    return { task: life.id, round, member, region: parent, isPassedOn: true };
  }

  /** The parent may have lost its roster, and takes this region back as soon as it hears of it. */
  async function passed<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!isTributaryError(error, "member-unknown")) throw error;
      life.redo("report");
      throw new TributaryError("busy", "Cannot pass on a message: the parent is not ready", {
        cause: error,
        retryAfterS: limits.retryAfterS,
      });
    }
  }

  async function get(question: Parameters<PhaseHost["get"]>[0]) {
    const { phase, member, round, waitMs, signal } = question;
    if (waiting >= limits.waitingPolls) {
      throw new TributaryError(
        "busy",
        `Cannot wait for a message: ${waiting} requests wait already`,
        { retryAfterS: limits.retryAfterS },
      );
    }
    waiting++;
    try {
      const answer = await passed(peer.get({
        ...call(question),
        phase,
        waitS: Math.floor(waitMs / 1000),
        signal: AbortSignal.any([signal, polls.signal]),
      }));
      if (phase === "inbox" && answer !== undefined) remember(round, member);
      return answer;
    } catch (error) {
      if (polls.signal.aborted || signal.aborted) return undefined;
      throw error;
    } finally {
      waiting--;
    }
  }

  function remember(round: number, member: string): void {
    if (sharers?.round !== round) sharers = { round, members: new Set() };
    sharers.members.add(member);
  }

  /** Another instance may have heard of the round before this one. */
  async function checkNowAsked(word: Pick<PhaseWord, "round" | "sender">): Promise<void> {
    try {
      checkAsked(word);
    } catch {
      await life.refresh();
      checkAsked(word);
    }
  }

  return {
    async put(word) {
      await checkNowAsked(word);
      const { phase, message } = word;
      await passed(peer.put({ ...call(word), phase, message, signal: life.signal }));
    },

    async get(question) {
      await checkNowAsked(question);
      return await get(question);
    },

    async checkMayMask(round, member) {
      if (sharers?.round === round && sharers.members.has(member)) return;
      // Not in this process: the root knows.
      const { signal } = life;
      const question = {
        phase: "inbox",
        round,
        member,
        sender: member,
        waitMs: 0,
        signal,
      } as const;
      if (await get(question) !== undefined) return;
      throw new TributaryError(
        "not-asked",
        `Cannot take an update of ${member}: keys are still being shared in this round`,
      );
    },

    open() {
      throw new TypeError("Cannot open a sum: a region has none of its own");
    },

    settle: () => Promise.resolve(),
    endPolls: () => polls.abort(),
    [Symbol.dispose]: () => polls.abort(),
  };
}

/**
 * The root's phases of `secagg_plus`: it keeps every message, ends phases when all have spoken or their
 * time is over, and opens sealed sums with what clients have given it.
 *
 * Nothing is done before somebody asks: a round is taken up from the store when its first message
 * comes, also after a restart. What is stored decides, so that a crash changes nothing: the same
 * messages give the same roster, the same outcome and the same sum.
 *
 * @module
 */
import { fromHex } from "../../src/core/bytes.ts";
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import type { PhasedMask } from "../../src/mask/secagg_plus.ts";
import { createSecaggServer, type SecaggServer } from "../../src/mask/secagg_plus_server.ts";
import type { RoundFacts } from "../../src/round/record.ts";
import { type AggregateCore, createAggregateCore } from "../../src/wasm/aggregate.ts";
import type { UpPhase } from "../../src/wire/phase.ts";
import { groupSession } from "../../src/wire/session_id.ts";
import { checkBringer } from "./phase_bringer.ts";
import type { PhaseHost, PhaseQuestion, PhaseWord } from "./phase_host.ts";
import {
  closedRow,
  type KeptMessage,
  messageRow,
  otherPhases,
  readPhases,
  secretRow,
} from "./phase_rows.ts";
import type { SliceRow } from "../store.ts";
import type { TaskLife } from "../task/task_life.ts";
import { createWaiters } from "../task/waiters.ts";
import type { World } from "../world.ts";

/** When phases end, in eighths of a round's time from its opening. */
const ENDS: Readonly<Record<UpPhase, number>> = {
  advertise: 1,
  share: 2,
  consistency: 7,
  unmask: 8,
};
/** Longest time that a phase takes after the one before it, in eighths. */
const LONGEST = 1;

/** What an instance has to hold that keeps the phases of a task. */
export function phasesOf(task: string): string {
  return `phases/${task}`;
}

/** One round while it is worked on. */
interface Running {
  readonly facts: RoundFacts;
  readonly server: SecaggServer;
  readonly core: AggregateCore;
  /** What was stored when it was taken up. */
  readonly kept: readonly KeptMessage[];
  /** Phases that were over then. */
  readonly ended: ReadonlySet<string>;
  /** Who brought each client's keys. */
  readonly brought: Map<string, string>;
  /** Messages that are being written down. */
  readonly pending: Map<string, Promise<void>>;
  /** Ends its timers. */
  readonly over: AbortController;
  /** Whether the outcome was told in this life, and what was said to it before was read again. */
  isTold: boolean;
  /** Why nothing more can come of it. */
  failed?: TributaryError;
}

/** The phases of a task at its root. */
export function createPhaseRoot(world: World, life: TaskLife, phased: PhasedMask): PhaseHost {
  const { clock, store, identity, digest, random, limits, logger } = world;
  const { committer } = life;
  const { roundMs } = life.signed.task;
  const waiters = createWaiters({
    clock,
    capacity: limits.waitingPolls,
    retryAfterS: limits.retryAfterS,
  });
  /** What {@link PhaseHost.open} waits in. */
  const changes = createWaiters({ clock, capacity: Infinity, retryAfterS: limits.retryAfterS });
  let running: { readonly round: number; readonly work: Promise<Running> } | undefined;

  /** Another instance may have taken over from a process that stood still for long. */
  function checkHeld(round: number): void {
    if (!world.instance.holds(phasesOf(life.id))) throw busy(round);
  }

  /** The facts of a round that is not over. */
  function factsOf(round: number): RoundFacts {
    checkHeld(round);
    const { round: record } = committer.latest.record;
    const { phase } = record;
    if (round > record.round) {
      throw new TributaryError("round-unknown", `Cannot go on with round ${round}: it is not open`);
    }
    const isOn = phase.kind === "open" || phase.kind === "sealed" || phase.kind === "unmasking";
    if (round < record.round || !isOn) {
      throw new TributaryError("round-closed", `Cannot go on with round ${round}: it is over`);
    }
    return phase.facts;
  }

  async function current(round: number): Promise<Running> {
    const facts = factsOf(round);
    if (running?.round !== round) {
      forget();
      const work = load(facts);
      running = { round, work };
      work.catch(() => {
        if (running?.work === work) running = undefined;
      });
    }
    return await running.work;
  }

  /** What is in memory may not be what is stored: it is read again when it is needed. */
  function forget(): void {
    changes.wake();
    running?.work.then(({ over, core }) => {
      over.abort();
      core[Symbol.dispose]();
    }, () => {});
    running = undefined;
    waiters.wake();
  }

  async function load(facts: RoundFacts): Promise<Running> {
    const { round } = facts;
    for (const name of await otherPhases(store, life.id, round)) await store.drop(life.id, name);
    const kept = await readPhases(store, life.id, round);
    const secret = kept.secret ?? random(32);
    if (kept.secret === undefined) await write(secretRow(round, secret));
    const core = createAggregateCore(world.module);
    const server = await createSecaggServer({
      ...{ task: life.id, round, plan: phased.plan, core, hash: digest, random, identity, secret },
      sid: await groupSession(facts.sid, 0, digest),
    });
    const brought = new Map<string, string>();
    const it: Running = {
      ...{ facts, server, core, brought, kept: kept.messages, ended: kept.closed },
      pending: new Map(),
      over: new AbortController(),
      isTold: false,
    };
    for (const phase of ["advertise", "share"] as const) {
      await replay(it, phase);
      if (kept.closed.has(phase)) await closed(it, phase);
    }
    keepTime(it).catch((error) => {
      if (!it.over.signal.aborted) logger({ kind: "failure", doing: `round ${round}`, error });
    });
    return it;
  }

  /** Takes what was stored of a phase before a restart. */
  async function replay({ server, kept, brought }: Running, phase: UpPhase): Promise<void> {
    for (const { member, sender, message } of kept.filter((it) => it.phase === phase)) {
      (await server.check(phase, member, message)).take();
      if (phase === "advertise") brought.set(member, sender);
    }
  }

  async function write(row: SliceRow): Promise<void> {
    await committer.run((draft) => {
      checkHeld(draft.round.round);
      draft.slices.push(row);
    });
  }

  /** Ends the first two phases in time; those after the sum is sealed are ended where it is opened. */
  async function keepTime(it: Running): Promise<void> {
    const { over, facts, server } = it;
    const signal = AbortSignal.any([life.signal, over.signal]);
    for (const phase of ["advertise", "share"] as const) {
      const endMs = facts.openedAtMs + ENDS[phase] * roundMs / 8;
      await clock.sleep(Math.max(0, endMs - clock.now()), { signal });
      if (server.phase === phase) await close(it, phase);
    }
  }

  /** Ends a phase for good, after all messages that came before. */
  async function close(it: Running, phase: UpPhase): Promise<void> {
    if (it.server.phase !== phase || it.failed !== undefined) return;
    const key = `close ${phase}`;
    const known = it.pending.get(key);
    if (known !== undefined) return await known;
    const work = (async () => {
      const before = [...it.pending].filter(([key]) => !key.startsWith("close"));
      await Promise.allSettled(before.map(([, work]) => work));
      await write(closedRow(it.facts.round, phase));
      await closed(it, phase);
      waiters.wake();
    })();
    it.pending.set(key, work);
    try {
      await work;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Lets the server know of a phase that is over; a round with too few clients has failed. */
  async function closed(it: Running, phase: UpPhase): Promise<void> {
    try {
      if (phase === "advertise") await it.server.closeAdvertise();
      else if (phase === "share") it.server.closeShare();
      else if (phase === "consistency") it.server.closeConsistency();
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      it.failed = error;
      logger({ kind: "failure", doing: `round ${it.facts.round}`, error });
    }
  }

  /** Whether everybody that can has spoken. */
  function isComplete({ server, facts }: Running): boolean {
    const { phase } = server;
    if (phase !== "advertise") return server.missing === 0;
    if (life.signed.task.sampling.kind === "poisson") return false;
    const asked = [...committer.latest.shares.values()].reduce(
      (sum, { clients }) => sum + clients,
      0,
    );
    return facts.round === committer.latest.record.round.round &&
      server.senders("advertise").length >= Math.max(asked, phased.plan.min);
  }

  /** Messages of one client are taken one after the other. */
  async function oneByOne(it: Running, word: PhaseWord): Promise<void> {
    const key = `${word.phase} ${word.member}`;
    await it.pending.get(key)?.catch(() => {});
    const work = take(it, word);
    it.pending.set(key, work);
    try {
      await work;
    } finally {
      if (it.pending.get(key) === work) it.pending.delete(key);
    }
  }

  async function take(it: Running, word: PhaseWord): Promise<void> {
    const { round, phase, member, sender, message } = word;
    checkBringer(word, { share: committer.latest.shares.get(sender), brought: it.brought });
    const isLate = phase === "consistency" || phase === "unmask";
    if (isLate && !it.isTold && committer.latest.record.round.phase.kind !== "open") {
      // After a restart: the outcome that it speaks of is about to be told again.
      throw busy(round);
    }
    const checked = await it.server.check(phase, member, message);
    if (checked.isKnown) return;
    if (it.pending.has(`close ${phase}`)) {
      throw new TributaryError(
        "phase-closed",
        `Cannot take a message of phase ${phase}: it is over`,
      );
    }
    try {
      await write(messageRow(round, { phase, member, sender, message }));
    } catch (error) {
      // It may be stored, and would then be there after a restart.
      forget();
      throw error;
    }
    checked.take();
    if (phase === "advertise") it.brought.set(member, sender);
  }

  return {
    async put(word) {
      const it = await current(word.round);
      if (it.failed !== undefined) throw it.failed;
      await oneByOne(it, word);
      const { phase } = it.server;
      if (!isComplete(it) && !it.server.canOpen) return;
      if (phase === "advertise" || phase === "share") await close(it, phase);
      else changes.wake();
    },

    async get({ round, phase, member, waitMs, signal }: PhaseQuestion) {
      const endMs = clock.now() + waitMs;
      for (;;) {
        const it = await current(round);
        if (it.failed !== undefined) throw it.failed;
        const answer = it.server.answer(phase, member);
        const leftMs = endMs - clock.now();
        if (answer !== undefined || leftMs <= 0 || waiters.closed) return answer;
        if (await waiters.wait(leftMs, signal) !== "woken") return undefined;
      }
    },

    async checkMayMask(round, member) {
      const it = await current(round);
      if (it.server.mayMask(member) === true) return;
      throw new TributaryError(
        "not-asked",
        `Cannot take an update of ${member}: it has not shared its keys in this round`,
      );
    },

    async open({ round, sum, members, signal }) {
      const it = await current(round);
      if (it.failed !== undefined) throw it.failed;
      const { server, facts, core } = it;
      await server.seal(members);
      await replay(it, "consistency");
      if (it.ended.has("consistency")) await closed(it, "consistency");
      if (server.phase === "unmask") await replay(it, "unmask");
      it.isTold = true;
      waiters.wake();
      const until = async (phase: "consistency" | "unmask", isOver: () => boolean) => {
        const endMs = Math.min(
          facts.openedAtMs + ENDS[phase] * roundMs / 8,
          clock.now() + LONGEST * roundMs / 8,
        );
        for (let leftMs = endMs - clock.now(); !isOver() && leftMs > 0;) {
          if (await changes.wait(leftMs, signal) === "gone") signal.throwIfAborted();
          // It is read again from the store, after a write that failed.
          if (it.over.signal.aborted || changes.closed) throw busy(round);
          leftMs = endMs - clock.now();
        }
      };
      await until("consistency", () => server.phase !== "consistency" || isComplete(it));
      await close(it, "consistency");
      await until("unmask", () => server.canOpen || isComplete(it));
      const seeds = await server.seeds();
      const sid = fromHex(await groupSession(facts.sid, 0, digest));
      try {
        return await phased.masks.open(core, { sum, sid, seeds, clients: members.length });
      } finally {
        for (const { seed } of seeds) seed.fill(0);
      }
    },

    async settle() {
      const { record } = committer.latest;
      const { phase, round } = record.round;
      const isOn = phase.kind === "open" || phase.kind === "sealed" || phase.kind === "unmasking";
      if (running !== undefined && (!isOn || running.round !== round)) forget();
      if (isOn) return;
      for (const name of await otherPhases(store, life.id, -1)) await store.drop(life.id, name);
    },

    endPolls: () => waiters[Symbol.dispose](),

    [Symbol.dispose]() {
      forget();
      waiters[Symbol.dispose]();
      changes[Symbol.dispose]();
    },
  };
}

function busy(round: number): TributaryError {
  return new TributaryError("busy", `Cannot go on with round ${round} yet: it is taken up again`, {
    retryAfterS: 1,
  });
}

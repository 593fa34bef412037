/**
 * One task of an aggregator, alive: what is the same at the root and at a region. Takes members and
 * updates, keeps time, answers those who wait, and has its role's duties done.
 *
 * @module
 */
import { toBase64Url, toHex } from "../../src/core/bytes.ts";
import { checkOpen, checkUpdate } from "../../src/round/admission.ts";
import { alarmAtMs, resume } from "../../src/round/due.ts";
import { roundInfo, statusOf } from "../../src/round/view.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import { type Receipt, signReceipt } from "../../src/wire/receipt.ts";
import type { SignedTask } from "../../src/wire/task.ts";
import { createAlarm } from "./alarm.ts";
import { checkEvidenceLength } from "../upload/check_evidence.ts";
import { type Committer, createCommitter } from "./committer.ts";
import { createDuties, type Duty, type Perform } from "./duty.ts";
import { createDraining, type Draining, drainingError } from "../region/draining.ts";
import { enrolMember } from "../access/enrol.ts";
import { revokeMember, rosterPage } from "../access/revoke.ts";
import { createFreshness } from "../http/freshness.ts";
import { lookAt } from "./look.ts";
import { createModels } from "./models.ts";
import type { ObservedRound } from "../observer.ts";
import { sweepOrphans } from "./orphans.ts";
import type { PhaseHost } from "../relay/phase_host.ts";
import { createPresence, type Presence } from "./presence.ts";
import { createReceiver } from "../upload/receive.ts";
import { sharePresence } from "./shared_presence.ts";
import { abstained } from "./shares.ts";
import type { UpdateRow } from "../store.ts";
import { createRoundNews } from "./round_news.ts";
import { formOf, type TaskForm } from "./task_form.ts";
import type { Announced, Standing, TaskHost } from "./task_host.ts";
import type { TaskState } from "./task_state.ts";
import { createWaiters } from "./waiters.ts";
import {
  askedShare,
  checkNothingSent,
  checkShare,
  checkSpeaker,
  enrolledMember,
  NO_SHARE,
  sameUpdate,
} from "./word_rules.ts";
import type { World } from "../world.ts";

/** Phases in which a round's own uploads and sums may be in the store unnamed. */
const GATHERING: ReadonlySet<string> = new Set(["open", "sealed", "unmasking"]);

/** A task and what is done about its effects. */
export interface TaskLifeOptions {
  /** Digest of the task. */
  readonly id: string;
  /** The task, checked. */
  readonly signed: SignedTask;
  /** Does the role's duties, once the life has begun. */
  perform(life: TaskLife): Perform;
  /** Takes part in the phases of its masks, where these have some. */
  phases(life: TaskLife): PhaseHost | undefined;
}

/** A task that is being worked on. */
export interface TaskLife extends TaskHost, AsyncDisposable {
  /** The writer of its state. */
  readonly committer: Committer;
  /** The signed task. */
  readonly signed: SignedTask;
  /** What its parcels look like. */
  readonly form: TaskForm;
  /** Who is there to be asked. */
  readonly presence: Presence;
  /** Aborts when the aggregator stops. */
  readonly signal: AbortSignal;
  /** Whether it is ending gracefully. */
  readonly draining: Draining;
  /** Long polls that wait now. */
  readonly waiting: number;
  /** Aborts once nobody may wait here any more. */
  readonly ending: AbortSignal;
  /** How the round stands, and the members to it, for whoever watches. */
  look(): ObservedRound;
  /** Has duties of a kind done again: their outcome may be lost. */
  redo(kind: Duty["kind"]): void;
  /** Answers all long polls and holds none from now on: the first step of a graceful stop. */
  endPolls(): void;
}

/** Takes up a task that the store has, wherever it was left. */
export async function createTaskLife(world: World, options: TaskLifeOptions): Promise<TaskLife> {
  const { store, identity, clock, instance, limits, logger } = world;
  const { id, signed } = options;
  const { task } = signed;
  const region = { id: identity.id, publicKey: toBase64Url(identity.publicKey) };
  const form = formOf(task);
  const stopping = new AbortController();
  const ending = new AbortController();
  using undo = new DisposableStack();
  const waiters = undo.use(createWaiters({
    clock,
    capacity: limits.waitingPolls,
    retryAfterS: limits.retryAfterS,
  }));
  const presence = createPresence({ clock, windowMs: task.roundMs });
  const draining = createDraining();
  const news = createRoundNews({ ...world, task: id });
  let closing = new AbortController();
  let seen = "";
  let sweeping: Promise<void> = Promise.resolve();

  const committer = await createCommitter({
    ...world,
    task: id,
    form,
    heldBytes: limits.heldBytes,
    lane: () => instance.lane,
    hasRivals: () => instance.others > 0,
    batch: { jobs: limits.batchJobs, bytes: limits.inFlightBytes },
    committed(state, draft) {
      news.ended(draft.logged, state.record.round);
      if (draft.effects.some((effect) => effect.kind === "wake")) waiters.wake();
      follow(state);
    },
    reloaded(state) {
      if (follow(state)) waiters.wake();
    },
  });
  const freshness = undo.adopt(
    createFreshness({ ...world, task: id, committer }),
    (it) => void it[Symbol.asyncDispose](),
  );

  const alarm = undo.use(createAlarm({
    clock,
    logger,
    tick: () =>
      committer.run((draft) => {
        draft.step({ kind: "tick" });
        return draft.nowMs;
      }),
  }));
  const receiver = undo.use(createReceiver(world, {
    ...{ id, form, committer, stopping: stopping.signal },
    closing: () => closing.signal,
    mayMask: (round, member) => phases?.checkMayMask(round, member),
  }));

  /**
   * Does what a stored state asks for; asking again for the same changes nothing.
   *
   * @returns Whether the round has gone on.
   */
  function follow(state: TaskState): boolean {
    const { round } = state.record;
    const { phase } = round;
    const wasDraining = draining.signal.aborted;
    draining.note(state.access.isDraining);
    if (state.access.isDraining && !wasDraining) waiters.wake();
    // Then nothing is left to hand on.
    if (state.access.isDraining && phase.kind === "finished") draining.finish();
    const now = `${round.round} ${phase.kind}`;
    const isNews = now !== seen;
    if (isNews) {
      // Bodies that are still being read for a round that is over are not read any further.
      if (phase.kind === "open") closing = new AbortController();
      else closing.abort();
      news.went(round, seen === "");
      seen = now;
      phases?.settle().catch((error) => logger({ kind: "failure", doing: "settling", error }));
    }
    alarm.set(alarmAtMs(round));
    // Of those that share the store, one does what is to be done once.
    const due = instance.leads ? resume(round) : [];
    duties.want(due.filter((effect): effect is Duty => effect.kind !== "wake"), state.version);
    if (isNews && instance.leads && !GATHERING.has(phase.kind)) sweep();
    return isNews;
  }

  function sweep(): void {
    const before = sweeping;
    sweeping = (async () => {
      await before;
      await freshness.look();
      await sweepOrphans(store, id, committer.state);
    })().catch((error) => logger({ kind: "failure", doing: "sweeping", error }));
  }

  async function findUpdate(round: number, member: string): Promise<UpdateRow | undefined> {
    const { record, updates } = await committer.state();
    return round === record.round.round
      ? updates.get(member)
      : await store.update(id, round, member);
  }

  async function standing({ round, member, head }: Announced): Promise<Standing> {
    const { record, members, shares } = await committer.state();
    const row = enrolledMember(members.get(member), member);
    checkSpeaker(row, head);
    checkEvidenceLength(row, head, form.evidence);
    const known = await findUpdate(round, member);
    if (known !== undefined) {
      return { kind: "repeated", row: sameUpdate(known, toHex(head.digest)) };
    }
    const update = { round, sid: head.sid, clients: head.clients };
    checkUpdate(record.round, update, clock.now());
    checkShare(shares.get(member), { member, ...update });
    return { kind: "welcome" };
  }

  async function receipt(row: UpdateRow): Promise<Receipt> {
    const { round, sid, member, digest, clients, position } = row;
    const body = { task: id, round, sid, member, digest, clients, position, region: region.id };
    return await signReceipt(body, identity);
  }

  const life: TaskLife = {
    id,
    signed,
    offer: { ...signed, region },
    form,
    committer,
    presence,
    get phases() {
      return phases;
    },
    signal: stopping.signal,
    draining,
    get waiting() {
      return waiters.size;
    },
    ending: ending.signal,
    look: () => lookAt(committer.latest, presence),
    models: createModels(store, id, limits.heldBytes),
    refresh: freshness.look,
    model: (version) => committer.latest.record.models.find((kept) => kept.version === version),
    member: (member) => committer.latest.members.get(member),

    isRevoked: (member) => committer.latest.access.revoked.has(member),

    async enrol(newcomer) {
      await committer.run((draft) => enrolMember(draft, newcomer));
      const { member, enrolment: { kind, size } } = newcomer;
      return { task: id, member, kind, size, region };
    },

    roster: (after) => rosterPage(committer.latest, after),

    issue: (hashes, ticket) =>
      committer.run(({ access, nowMs }) => {
        for (const hash of hashes) access.issue(hash, ticket, nowMs);
      }),

    async revoke(member, revocation) {
      presence.leave(member);
      await committer.run((draft) => revokeMember(draft, member, revocation));
    },

    drain: (isDraining) => committer.run(({ access }) => access.setDraining(isDraining)),

    restore: (member) =>
      committer.run(({ access }) => {
        if (access.isRevoked(member)) access.setRevoked(member, false);
      }),

    async leave(member, signedS) {
      presence.leave(member);
      await committer.run((draft) => {
        if (draft.member(member) !== undefined) draft.setMember(member, undefined);
        const forgottenS = draft.nowMs / 1000 - limits.maxAgeS - 2 * limits.skewS;
        draft.access.noteLeft(member, { atS: signedS, forgottenS });
      });
    },

    async round(after, { waitMs, signal, asker }) {
      using _here = asker && presence.enter(asker.member, asker.available);
      const endMs = clock.now() + waitMs;
      let hasLooked = false;
      for (;;) {
        const nowMs = clock.now();
        const { record, shares } = committer.latest;
        const info = roundInfo(record.round, after, nowMs);
        const isStranger = info?.kind === "open" && asker && !shares.has(asker.member);
        if (isStranger && !hasLooked) {
          // It may have come to the round by way of another instance.
          hasLooked = true;
          await freshness.look();
          continue;
        }
        if (info?.kind === "open" && asker !== undefined) {
          const { group, ...share } = shares.get(asker.member) ?? NO_SHARE;
          return { ...info, share, ...(form.evidence && { group }) };
        }
        if (info === undefined && draining.signal.aborted) throw drainingError();
        if (info !== undefined || nowMs >= endMs || waiters.closed) return info;
        if (await waiters.wait(endMs - nowMs, signal) !== "woken") return undefined;
      }
    },

    standing: (announced) => freshness.ask(() => standing(announced)),

    abstain: ({ round, member, sid }) =>
      committer.run((draft) => {
        enrolledMember(draft.member(member), member);
        checkOpen(draft.round, { round, sid }, draft.nowMs);
        checkNothingSent(draft.update(member));
        const share = askedShare(draft.share(member), { round, member });
        if (share.clients === 0) return;
        const awaited = draft.isAwaited(member);
        draft.shares.set(member, abstained(share));
        draft.step({ kind: "abstain", round, sid, awaited });
      }),

    progress: committer.progress,
    redo: (kind) => duties.redo(kind),
    receive: async (announced, body) => await receipt(await receiver.receive(announced, body)),
    stage: receiver.stage,
    async arrived(parcel) {
      const { record, members } = await committer.state();
      enrolledMember(members.get(parcel.member), parcel.member);
      const known = await findUpdate(parcel.round, parcel.member);
      if (known !== undefined) {
        sameUpdate(known, parcel.digest);
        return { bytes: form.parcelBytes, isWhole: true };
      }
      const { round, phase } = record.round;
      const isOpen = round === parcel.round && phase.kind === "open";
      return { bytes: isOpen ? await receiver.arrived(parcel) : 0, isWhole: false };
    },
    receipt,

    async log(from, limit) {
      const rows = await store.log(id, from, limit);
      // Written by this aggregator itself.
      const entries = rows.map((row) => row.entry as unknown as LogEntry);
      return { entries, next: from + entries.length };
    },

    endPolls() {
      ending.abort();
      waiters[Symbol.dispose]();
      phases?.endPolls();
    },

    status: () => statusOf(committer.latest.record.round, clock.now()),

    async [Symbol.asyncDispose]() {
      stopping.abort();
      closing.abort();
      watch[Symbol.dispose]();
      const looked = freshness[Symbol.asyncDispose]();
      alarm[Symbol.dispose]();
      life.endPolls();
      phases?.[Symbol.dispose]();
      await duties[Symbol.asyncDispose]();
      await Promise.all([sweeping, sharing, looked]);
      await committer[Symbol.asyncDispose]();
      receiver[Symbol.dispose]();
    },
  };
  const duties = createDuties(world, options.perform(life));
  const phases = options.phases(life);
  if (instance.leads) await sweepOrphans(store, id, committer.state);
  follow(committer.latest);
  const isByPresence = task.sampling.kind === "available";
  const sharing = isByPresence
    ? sharePresence(world, { task: id, presence, signal: stopping.signal })
    : Promise.resolve();
  const watch = instance.watch(() => follow(committer.latest));
  undo.move();
  return life;
}

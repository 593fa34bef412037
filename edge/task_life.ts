/**
 * One task of an aggregator, alive: what is the same at the root and at a region. Takes members and
 * updates, keeps time, answers those who wait, and has its role's duties done.
 *
 * @module
 */
import { toBase64Url, toHex } from "../src/core/bytes.ts";
import { TributaryError } from "../src/core/errors.ts";
import { checkOpen, checkUpdate } from "../src/round/admission.ts";
import { alarmAtMs, resume } from "../src/round/due.ts";
import { roundInfo, statusOf } from "../src/round/view.ts";
import { SLICE_BYTES } from "../src/update/slices.ts";
import { updateBytes } from "../src/update/plan.ts";
import type { LogEntry } from "../src/wire/log.ts";
import { type Receipt, signReceipt } from "../src/wire/receipt.ts";
import { type SignedTask, updatePlan } from "../src/wire/task.ts";
import { type Committer, createCommitter } from "./committer.ts";
import type { Draft } from "./draft.ts";
import { createDuties, type Duty, type Perform } from "./duty.ts";
import { ingest } from "./ingest.ts";
import { createModels } from "./models.ts";
import { createNewest } from "./newest.ts";
import { createPresence, type Presence } from "./presence.ts";
import { ABSTAINED } from "./shares.ts";
import type { UpdateRow } from "./store.ts";
import type { Parcel } from "./sum.ts";
import type { Announced, Standing, TaskHost } from "./task_host.ts";
import type { TaskState } from "./task_state.ts";
import { createWaiters } from "./waiters.ts";
import { createWordCheck } from "./word_check.ts";
import {
  askedShare,
  checkNothingSent,
  checkRosterSize,
  checkShare,
  checkSpeaker,
  enrolledMember,
  NO_SHARE,
  sameUpdate,
} from "./word_rules.ts";
import type { World } from "./world.ts";

/** A task and what is done about its effects. */
export interface TaskLifeOptions {
  /** Digest of the task. */
  readonly id: string;
  /** The task, checked. */
  readonly signed: SignedTask;
  /** Does the role's duties, once the life has begun. */
  perform(life: TaskLife): Perform;
}

/** A task that is being worked on. */
export interface TaskLife extends TaskHost, AsyncDisposable {
  /** The writer of its state. */
  readonly committer: Committer;
  /** The signed task. */
  readonly signed: SignedTask;
  /** Who is there to be asked. */
  readonly presence: Presence;
  /** Aborts when the aggregator stops. */
  readonly signal: AbortSignal;
  /** Has duties of a kind done again: their outcome may be lost. */
  redo(kind: Duty["kind"]): void;
  /** Answers all long polls and holds none from now on: the first step of a graceful stop. */
  endPolls(): void;
}

/** Takes up a task that the store has, wherever it was left. */
export async function createTaskLife(world: World, options: TaskLifeOptions): Promise<TaskLife> {
  const { store, identity, clock, limits, budget, random, logger } = world;
  const { id, signed } = options;
  const { task } = signed;
  const region = { id: identity.id, publicKey: toBase64Url(identity.publicKey) };
  const plan = updatePlan(task);
  const parcelBytes = updateBytes(plan);
  const stopping = new AbortController();
  using undo = new DisposableStack();
  const words = undo.use(createWordCheck(world.module, { plan, sliceBytes: SLICE_BYTES }));
  const waiters = undo.use(createWaiters({
    clock,
    capacity: limits.waitingPolls,
    retryAfterS: limits.retryAfterS,
  }));
  const beginUpload = createNewest();
  const presence = createPresence({ clock, windowMs: task.roundMs });
  let alarm: { readonly atMs: number; readonly stop: AbortController } | undefined;
  let closing = new AbortController();
  let seen = "";

  const committer = await createCommitter({
    ...world,
    task: id,
    parcelBytes,
    sliceBytes: SLICE_BYTES,
    heldBytes: limits.heldBytes,
    batch: { jobs: limits.batchJobs, bytes: limits.inFlightBytes },
    committed(state, draft) {
      if (draft.effects.some((effect) => effect.kind === "wake")) waiters.wake();
      follow(state);
    },
    reloaded(state) {
      waiters.wake();
      follow(state);
    },
  });

  /** Does what a stored state asks for; asking again for the same changes nothing. */
  function follow(state: TaskState): void {
    const { round } = state.record;
    const { phase } = round;
    const now = `${round.round} ${phase.kind}`;
    if (now !== seen) {
      // Bodies that are still being read for a round that is over are not read any further.
      if (phase.kind === "open") closing = new AbortController();
      else closing.abort();
      const clients = "facts" in phase ? phase.facts.clients : 0;
      logger({ kind: "round", task: id, round: round.round, phase: phase.kind, clients });
      seen = now;
    }
    setAlarm(alarmAtMs(round));
    duties.want(
      resume(round).filter((effect): effect is Duty => effect.kind !== "wake"),
      state.version,
    );
  }

  function setAlarm(atMs: number | undefined): void {
    if (alarm?.atMs === atMs) return;
    alarm?.stop.abort();
    alarm = undefined;
    if (atMs === undefined || stopping.signal.aborted) return;
    const stop = new AbortController();
    alarm = { atMs, stop };
    ring(atMs, stop.signal).catch((error) => {
      if (!stop.signal.aborted) logger({ kind: "failure", doing: "alarm", error });
    });
  }

  async function ring(atMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(Math.max(0, atMs - clock.now()), { signal });
      try {
        const tickMs = await committer.run((draft) => {
          draft.step({ kind: "tick" });
          return draft.nowMs;
        });
        // A timer may end before the clock says so, and a clock may be put back: it was no tick then.
        if (tickMs >= atMs) return;
      } catch (error) {
        logger({ kind: "failure", doing: "tick", error });
        await clock.sleep(TICK_RETRY_MS, { signal });
      }
    }
  }

  async function findUpdate(round: number, member: string): Promise<UpdateRow | undefined> {
    const { record, updates } = await committer.state();
    return round === record.round.round
      ? updates.get(member)
      : await store.update(id, round, member);
  }

  /** Makes a checked parcel part of the sum; the row of the same update if it was already. */
  function addUpdate(draft: Draft, { round, member, head }: Announced, parcel: Parcel): UpdateRow {
    const digest = toHex(head.digest);
    const known = draft.round.round === round ? draft.update(member) : undefined;
    if (known !== undefined) {
      sameUpdate(known, digest);
      if (parcel.kind === "staged") draft.dropped.push(parcel.name);
      return known;
    }
    enrolledMember(draft.member(member), member);
    const event = { round, sid: head.sid, clients: head.clients, bytes: head.bytes };
    const { updates } = checkUpdate(draft.round, event, draft.nowMs);
    checkShare(draft.share(member), { member, ...event });
    const awaited = draft.isAwaited(member);
    const update: UpdateRow = {
      round,
      member,
      position: updates,
      digest,
      sid: head.sid,
      clients: head.clients,
      ...(head.members === undefined ? {} : { members: head.members }),
    };
    draft.addUpdate(update, parcel);
    draft.step({ kind: "update", ...event, awaited });
    return update;
  }

  async function receive(
    announced: Announced,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Receipt> {
    const { head, round } = announced;
    const over = closing.signal;
    // Of two uploads of one sender the older is most often a connection that broke unnoticed.
    using upload = beginUpload(announced.member, over);
    const { signal } = upload;
    const isHeld = head.bytes <= limits.heldBytes;
    const name = `upload/${round}/${announced.member}/${toHex(random(8))}`;
    const slices: Uint8Array<ArrayBuffer>[] = [];
    let staged = false;
    try {
      using _loan = await budget.take(isHeld ? head.bytes : SLICE_BYTES, signal);
      const form = {
        bytes: head.bytes,
        sliceBytes: SLICE_BYTES,
        digests: head.slices,
        digest: world.digest,
        pool: world.pool,
        arrived: committer.progress,
        clock,
        stallMs: limits.stallMs,
        signal,
      };
      await ingest(body, form, async (index, bytes) => {
        words.check(bytes, head.clients);
        if (isHeld) return void slices.push(bytes);
        staged = true;
        await store.put(id, [{ name, index, bytes }]);
        world.pool.give(bytes);
      });
      const parcel: Parcel = isHeld ? { kind: "held", slices } : { kind: "staged", name };
      const row = await committer.run((draft) => addUpdate(draft, announced, parcel), head.bytes);
      return await receipt(row);
    } catch (error) {
      if (staged) await store.drop(id, name).catch(() => {});
      if (!signal.aborted) throw error;
      if (stopping.signal.aborted) throw stoppingError(limits.retryAfterS);
      if (!over.aborted) throw overtaken(round, limits.retryAfterS);
      const now = (await committer.state()).record.round;
      checkUpdate(now, { round, sid: head.sid, clients: head.clients }, clock.now());
      throw error;
    } finally {
      for (const slice of slices) world.pool.give(slice);
    }
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
    parcelBytes,
    committer,
    presence,
    signal: stopping.signal,
    models: createModels(store, id, limits.heldBytes),
    model: (version) => committer.latest.record.models.find((kept) => kept.version === version),
    member: (member) => committer.latest.members.get(member),

    async enrol(member, enrolment) {
      const { kind, size, publicKey } = enrolment;
      await committer.run((draft) => {
        const before = draft.member(member)?.size ?? 0;
        checkRosterSize(draft.round.roster.clients - before + size);
        draft.setMember(member, { id: member, publicKey, kind, size });
      });
      return { task: id, member, kind, size, region };
    },

    async leave(member) {
      presence.leave(member);
      await committer.run((draft) => {
        if (draft.member(member) !== undefined) draft.setMember(member, undefined);
      });
    },

    async round(after, { waitMs, signal, asker }) {
      using _here = asker && presence.enter(asker.member, asker.available);
      const endMs = clock.now() + waitMs;
      for (;;) {
        const nowMs = clock.now();
        const { record, shares } = committer.latest;
        const info = roundInfo(record.round, after, nowMs);
        if (info?.kind === "open" && asker !== undefined) {
          return { ...info, share: shares.get(asker.member) ?? NO_SHARE };
        }
        if (info !== undefined || nowMs >= endMs || waiters.closed) return info;
        if (await waiters.wait(endMs - nowMs, signal) !== "woken") return undefined;
      }
    },

    async standing({ round, member, head }): Promise<Standing> {
      const { record, members, shares } = await committer.state();
      checkSpeaker(enrolledMember(members.get(member), member), head);
      const known = await findUpdate(round, member);
      if (known !== undefined) {
        return { kind: "repeated", row: sameUpdate(known, toHex(head.digest)) };
      }
      const update = { round, sid: head.sid, clients: head.clients };
      checkUpdate(record.round, update, clock.now());
      checkShare(shares.get(member), { member, ...update });
      return { kind: "welcome" };
    },

    abstain: ({ round, member, sid }) =>
      committer.run((draft) => {
        enrolledMember(draft.member(member), member);
        checkOpen(draft.round, { round, sid }, draft.nowMs);
        checkNothingSent(draft.update(member));
        if (askedShare(draft.share(member), { round, member }).clients === 0) return;
        const awaited = draft.isAwaited(member);
        draft.shares.set(member, ABSTAINED);
        draft.step({ kind: "abstain", round, sid, awaited });
      }),

    progress: committer.progress,
    redo: (kind) => duties.redo(kind),
    receive,
    receipt,

    async log(from, limit) {
      const rows = await store.log(id, from, limit);
      // Written by this aggregator itself.
      const entries = rows.map((row) => row.entry as unknown as LogEntry);
      return { entries, next: from + entries.length };
    },

    endPolls: () => waiters[Symbol.dispose](),

    status: () => statusOf(committer.latest.record.round, clock.now()),

    async [Symbol.asyncDispose]() {
      stopping.abort();
      closing.abort();
      alarm?.stop.abort();
      waiters[Symbol.dispose]();
      await duties[Symbol.asyncDispose]();
      await committer[Symbol.asyncDispose]();
      words[Symbol.dispose]();
    },
  };
  const duties = createDuties(world, options.perform(life));
  await dropOrphans(world, committer.latest, id);
  follow(committer.latest);
  undo.move();
  return life;
}

/** Wait before a tick is tried again that could not be written. */
const TICK_RETRY_MS = 1000;

/** Removes what a crash left behind: nothing refers to it. */
async function dropOrphans({ store }: World, { record }: TaskState, task: string): Promise<void> {
  const names = [
    ...await store.sliceNames(task, "upload/"),
    ...(await store.sliceNames(task, "sum/")).filter((name) => name !== record.sum),
  ];
  for (const name of names) await store.drop(task, name);
}

function stoppingError(retryAfterS: number): TributaryError {
  return new TributaryError("busy", "Cannot take an update: this aggregator is stopping", {
    retryAfterS,
  });
}

/** Whoever comes again gets the receipt, if its update was the same. */
function overtaken(round: number, retryAfterS: number): TributaryError {
  return new TributaryError(
    "busy",
    `Cannot take an update for round ${round}: its sender began a newer upload, expected one at a time`,
    { retryAfterS },
  );
}

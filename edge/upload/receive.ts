/**
 * Taking updates in: from a body that may come to a row, and a parcel in the sum.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { checkUpdate } from "../../src/round/admission.ts";
import { groupSession } from "../../src/wire/session_id.ts";
import { bodyBytes, EVIDENCE_SLICE_BYTES } from "../../src/wire/update_headers.ts";
import type { ProvenClient } from "../../src/wire/verify_evidence.ts";
import { checkEvidence } from "./check_evidence.ts";
import type { Committer } from "../task/committer.ts";
import { type Cut, cutFor, cutOf } from "../sum/cut.ts";
import type { Draft } from "../task/draft.ts";
import { ingest, type SliceSink } from "./ingest.ts";
import { EVIDENCE_PREFIX, readEvidence } from "./kept_evidence.ts";
import { sumNames } from "../sum/lanes.ts";
import { createNewest } from "./newest.ts";
import { createParcelCheck } from "./parcel_check.ts";
import { createStagedUploads, type StagedParcel, type Staging } from "./staged_uploads.ts";
import type { UpdateRow } from "../store.ts";
import type { Parcel } from "../sum/sum.ts";
import type { TaskForm } from "../task/task_form.ts";
import type { Announced } from "../task/task_host.ts";
import { askedShare, checkShare, enrolledMember, sameUpdate } from "../task/word_rules.ts";
import type { World } from "../world.ts";

/** Whose updates are taken in, and by whom they are written. */
export interface ReceiverOptions {
  /** Digest of the task. */
  readonly id: string;
  /** What its parcels look like. */
  readonly form: TaskForm;
  /** The writer of its state. */
  readonly committer: Committer;
  /** Aborts when the aggregator stops. */
  readonly stopping: AbortSignal;
  /** Aborts when the round that is open now takes no more updates. */
  closing(): AbortSignal;
  /** Checks that a client's masked parcel may be in a sum, where its scheme says more of that. */
  mayMask(round: number, member: string): Promise<void> | undefined;
}

/** Takes updates in. */
export interface Receiver extends Disposable {
  /**
   * Reads an upload that may come and makes it part of the sum, whole or not at all.
   *
   * @returns Its row, once the sum that holds it is durable.
   */
  receive(announced: Announced, body: ReadableStream<Uint8Array> | null): Promise<UpdateRow>;
  /**
   * Reads a piece of an upload that may come, of which more follows.
   *
   * @returns Bytes of the parcel that are there now.
   */
  stage(announced: Announced, body: ReadableStream<Uint8Array> | null): Promise<number>;
  /** Bytes of a parcel that are there, after which its sender can go on. */
  arrived(parcel: StagedParcel): Promise<number>;
}

/** Something that is read: where it goes, and what of it is in memory. */
interface Intake {
  /** Name of its slices in the store. */
  readonly name: string;
  /** Slices that are not in the store. */
  readonly rows: {
    readonly name: string;
    readonly index: number;
    bytes: Uint8Array<ArrayBuffer>;
  }[];
  /** Whether some are. */
  isStaged: boolean;
}

/** What is read of an upload: in memory if that holds all of it, else in the store. */
interface Reading {
  /** Where the parcel is staged; undefined for one that is held. */
  readonly staging: Staging | undefined;
  readonly parcel: Intake;
  /** Of a masked one. */
  readonly evidence: Intake | undefined;
}

/** A receiver of one task's updates. */
export function createReceiver(world: World, options: ReceiverOptions): Receiver {
  const { store, limits, budget, pool, random, checkOf, digest, clock, trace } = world;
  const { id, form, committer, stopping } = options;
  const check = createParcelCheck(world.module, { ...form, ring: form.mask.ring });
  const beginUpload = createNewest();
  const staged = createStagedUploads({
    ...{ store, task: id, clock, random, retryAfterS: limits.retryAfterS },
    slices: Math.ceil(form.parcelBytes / form.sliceBytes),
    kept: Math.floor(limits.keptBytes / form.parcelBytes),
  });

  /** How parcels of the round are cut: as its sums are, if it has some. */
  function cut(): Cut | undefined {
    const [name] = sumNames(committer.latest.record.sums);
    return name === undefined ? cutFor(form, limits.shardValues) : cutOf(name);
  }

  function sinkOf(intake: Intake, isStaged: boolean): SliceSink {
    const { name, rows } = intake;
    return async (index, bytes) => {
      if (!isStaged) return void rows.push({ name, index, bytes });
      intake.isStaged = true;
      await store.put(id, [{ name, index, bytes }]);
      pool.give(bytes);
    };
  }

  async function read(
    { head }: Announced,
    body: ReadableStream<Uint8Array> | null,
    { reading, signal }: { readonly reading: Reading; readonly signal: AbortSignal },
  ): Promise<void> {
    const { parcel, evidence } = reading;
    const isStaged = reading.staging !== undefined;
    const follows = evidence && head.evidence && {
      ...{ bytes: head.evidence.bytes, tree: head.evidence.digest },
      ...{ sliceBytes: EVIDENCE_SLICE_BYTES, sink: sinkOf(evidence, isStaged) },
    };
    const keep = sinkOf(parcel, isStaged);
    const whole = {
      ...{ bytes: head.bytes, sliceBytes: form.sliceBytes, digests: head.slices },
      ...(follows && { evidence: follows }),
      ...(head.piece && { piece: head.piece }),
      isStream: head.isStream,
      ...{ digest, pool, clock, stallMs: limits.stallMs, signal },
      arrived: committer.progress,
    };
    await ingest(body, whole, async (index, bytes) => {
      check.check(bytes, head.clients);
      await keep(index, bytes);
    });
  }

  async function checkVouched(upload: Announced, { evidence }: Reading): Promise<void> {
    const { evidence: layout } = form;
    if (layout === undefined || evidence === undefined) return;
    const { round, member, head } = upload;
    const { shares } = await committer.state();
    const { group } = askedShare(shares.get(member), { round, member });
    const sid = await groupSession(head.sid, group, digest);
    const kept = { name: evidence.name, bytes: head.evidence?.bytes ?? 0 };
    const chunks = evidence.isStaged
      ? readEvidence(store, id, [{ member, evidence: kept }])
      : evidence.rows.map(({ bytes }) => bytes);
    const visit = ({ client }: ProvenClient) => options.mayMask(round, client);
    const checks = { digest, checkOf, visit };
    await checkEvidence(chunks, { task: id, round, sid, upload, layout, ...checks });
  }

  /** Makes a checked update part of a sum; the row of the same one if it was already. */
  function add(draft: Draft, upload: Announced, { parcel, evidence }: Reading): UpdateRow {
    const { round, member, head } = upload;
    const digest = toHex(head.digest);
    const known = draft.round.round === round ? draft.update(member) : undefined;
    if (known !== undefined) {
      sameUpdate(known, digest);
      for (const part of [parcel, evidence]) if (part?.isStaged) draft.dropped.push(part.name);
      return known;
    }
    enrolledMember(draft.member(member), member);
    const bytes = bodyBytes(head);
    const event = { round, sid: head.sid, clients: head.clients, bytes };
    const { updates } = checkUpdate(draft.round, event, draft.nowMs);
    const share = draft.share(member);
    checkShare(share, { member, ...event });
    const awaited = draft.isAwaited(member);
    const update: UpdateRow = {
      round,
      member,
      position: updates,
      digest,
      sid: head.sid,
      clients: head.clients,
      ...(head.members === undefined ? {} : { members: head.members }),
      ...(evidence && {
        group: share?.group ?? 0,
        evidence: { name: evidence.name, bytes: head.evidence?.bytes ?? 0 },
      }),
    };
    const added: Parcel = parcel.isStaged
      ? { kind: "staged", name: parcel.name }
      : { kind: "held", slices: parcel.rows.map(({ bytes }) => bytes) };
    draft.addUpdate(update, added, evidence?.rows);
    draft.step({ kind: "update", ...event, awaited });
    return update;
  }

  /** Forgets evidence that was put in the store for nothing. */
  async function dropEvidence({ member }: Announced, { evidence }: Reading): Promise<void> {
    if (evidence === undefined || !evidence.isStaged) return;
    // A write that seemed to fail may have happened: then its row refers to this very evidence.
    const { updates } = await committer.state();
    if (updates.get(member)?.evidence?.name !== evidence.name) await store.drop(id, evidence.name);
  }

  /** The row of an update that came twice at once, if the round closed with the other one in it. */
  async function repeated({ round, member, head }: Announced, error: unknown): Promise<UpdateRow> {
    if (!isTributaryError(error, "round-closed")) throw error;
    const { record, updates } = await committer.state();
    const row = round === record.round.round
      ? updates.get(member)
      : await store.update(id, round, member);
    if (row === undefined) throw error;
    return sameUpdate(row, toHex(head.digest));
  }

  /** Where an upload goes: to memory if that holds all of it and all of it comes. */
  async function openReading({ round, member, head }: Announced): Promise<Reading> {
    const { piece } = head;
    const parcelCut = cut();
    const isHeld = piece === undefined && parcelCut === undefined &&
      bodyBytes(head) <= limits.heldBytes;
    const staging = isHeld ? undefined : await staged.begin(
      { round, member, digest: toHex(head.digest) },
      {
        clients: head.clients,
        cut: parcelCut,
        from: Math.ceil((piece?.offset ?? 0) / form.sliceBytes),
        isInPieces: piece?.isLast === false,
      },
    );
    const evidence = `${EVIDENCE_PREFIX}${round}/${member}/${toHex(random(8))}`;
    return {
      staging,
      parcel: { name: staging?.name ?? "", rows: [], isStaged: staging !== undefined },
      evidence: head.evidence && { name: evidence, rows: [], isStaged: false },
    };
  }

  /** Reads what comes of an upload, and then does something with it; nothing is left of a failure. */
  async function take<T>(
    announced: Announced,
    body: ReadableStream<Uint8Array> | null,
    use: (reading: Reading) => Promise<T>,
  ): Promise<T> {
    const { head, round, member } = announced;
    const over = options.closing();
    // Of two uploads of one sender the older is most often a connection that broke unnoticed.
    using upload = beginUpload(member, over);
    const { signal } = upload;
    let reading: Reading | undefined;
    let outcome: Parameters<Staging["end"]>[0] = "refused";
    try {
      reading = await openReading(announced);
      const { staging } = reading;
      const most = Math.max(form.sliceBytes, EVIDENCE_SLICE_BYTES);
      using _loan = await budget.take(staging === undefined ? bodyBytes(head) : most, signal);
      const opened = reading;
      await trace({ kind: "read" }, () => read(announced, body, { reading: opened, signal }));
      const result = await use(reading);
      outcome = head.piece?.isLast === false ? "broken off" : "added";
      return result;
    } catch (error) {
      const isOver = over.aborted && !stopping.aborted;
      // The rest may come by another connection.
      if (!isOver && (signal.aborted || mayGoOn(error))) outcome = "broken off";
      if (reading !== undefined) await dropEvidence(announced, reading).catch(() => {});
      if (!signal.aborted) throw error;
      if (stopping.aborted) throw stoppingError(limits.retryAfterS);
      if (!over.aborted) throw overtaken(round, limits.retryAfterS);
      const now = (await committer.state()).record.round;
      checkUpdate(now, { round, sid: head.sid, clients: head.clients }, clock.now());
      throw error;
    } finally {
      // What cannot be forgotten now goes with the round.
      await reading?.staging?.end(outcome).catch(() => {});
      for (const part of [reading?.parcel, reading?.evidence]) {
        for (const { bytes } of part?.rows ?? []) pool.give(bytes);
      }
    }
  }

  return {
    receive: (announced, body) => {
      const taken = take(announced, body, async (reading) => {
        reading.staging?.close();
        await trace({ kind: "check" }, () => checkVouched(announced, reading));
        return await trace(
          { kind: "commit" },
          () => committer.run((draft) => add(draft, announced, reading), bodyBytes(announced.head)),
        );
      });
      return taken.catch((error) => repeated(announced, error));
    },
    stage: (announced, body) =>
      take(announced, body, () => {
        const { offset, bytes } = announced.head.piece ?? { offset: 0, bytes: 0 };
        const end = offset + bytes;
        return Promise.resolve(end === form.parcelBytes ? end : end - end % form.sliceBytes);
      }),
    arrived: async (parcel) =>
      Math.min(await staged.arrived(parcel, cut()) * form.sliceBytes, form.parcelBytes),
    [Symbol.dispose]: () => check[Symbol.dispose](),
  };
}

/** Whether an upload failed in a way that leaves what came of it as good as it was. */
function mayGoOn(error: unknown): boolean {
  return isTributaryError(error, "body-too-short") || isTributaryError(error, "busy");
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

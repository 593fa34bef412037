/**
 * The next state of a task while it is being put together; nothing of it is true before it is
 * written.
 *
 * @module
 */
import { hasRoomFor } from "../../src/round/admission.ts";
import type { ActiveEffect, Drawn, RoundEvent } from "../../src/round/event.ts";
import { isStored } from "../../src/round/event.ts";
import type { RoundRecord } from "../../src/round/record.ts";
import { step } from "../../src/round/step.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import type { ModelInfo } from "../../src/wire/round_info.ts";
import { AccessDraft } from "../access/access.ts";
import { rosterName } from "../upload/kept_evidence.ts";
import { modelName, sliceRows } from "./models.ts";
import type { MemberShare } from "./shares.ts";
import type { MemberRow, SliceRow, UpdateRow } from "../store.ts";
import type { Parcel } from "../sum/sum.ts";
import type { GroupParcel } from "../sum/sums.ts";
import type { TaskState } from "./task_state.ts";

/** Models kept: children may still fetch the one before the latest. */
const KEPT_MODELS = 2;

/** A round that opens, but for how many members are awaited. */
export type Opening =
  & (
    | Omit<Extract<RoundEvent, { kind: "open" }>, "drawn">
    | Omit<Extract<RoundEvent, { kind: "parent" }>, "drawn">
  )
  & { readonly drawn: Omit<Drawn, "awaited"> };

/** Changes to a task's state, seen through by those that come later. */
export class Draft {
  /** The time of all its events. */
  readonly nowMs: number;
  /** Where the round will stand. */
  round: RoundRecord;
  /** Models that will be kept. */
  models: readonly ModelInfo[];
  /** Members to write. */
  readonly members: Map<string, MemberRow> = new Map();
  /** Members to remove. */
  readonly removed: Set<string> = new Set();
  /** Who is let in, as it will be. */
  readonly access: AccessDraft;
  /** Updates to write. */
  readonly updates: UpdateRow[] = [];
  /** Shares of the latest round to write. */
  readonly shares: Map<string, MemberShare> = new Map();
  /** Parcels to add to the sums of their groups. */
  parcels: GroupParcel[] = [];
  /** Whether the sums so far are dropped. */
  dropsSums = false;
  /** Other slices to write. */
  slices: SliceRow[] = [];
  /** Names of slices to remove. */
  readonly dropped: string[] = [];
  /** Entries for the round log. */
  readonly logged: LogEvent[] = [];
  /** What is to be done once the draft is written. */
  readonly effects: ActiveEffect[] = [];
  readonly #base: TaskState;
  /** Updates of the round that is open, of this draft alone. */
  #sent = new Map<string, UpdateRow>();

  /** A draft that changes nothing yet. */
  constructor(base: TaskState, nowMs: number) {
    this.#base = base;
    this.access = new AccessDraft(base.access);
    this.nowMs = nowMs;
    this.round = base.record.round;
    this.models = base.record.models;
  }

  /** Whether there is anything to write. */
  get isEmpty(): boolean {
    return this.round === this.#base.record.round && this.members.size === 0 &&
      this.removed.size === 0 && this.slices.length === 0 && this.dropped.length === 0 &&
      this.access.isEmpty;
  }

  /** A member of the roster. */
  member(id: string): MemberRow | undefined {
    return this.members.get(id) ??
      (this.removed.has(id) ? undefined : this.#base.members.get(id));
  }

  /** A member's update of the latest round. */
  update(member: string): UpdateRow | undefined {
    const isBaseRound = this.round.round === this.#base.record.round.round;
    return this.#sent.get(member) ?? (isBaseRound ? this.#base.updates.get(member) : undefined);
  }

  /** What a member may send in the latest round; undefined when it is not asked. */
  share(member: string): MemberShare | undefined {
    const isBaseRound = this.round.round === this.#base.record.round.round;
    return this.shares.get(member) ?? (isBaseRound ? this.#base.shares.get(member) : undefined);
  }

  /** Whether the latest round waits for a member. */
  isAwaited(member: string): boolean {
    return (this.member(member)?.size ?? 0) > 0 && (this.share(member)?.clients ?? 0) > 0 &&
      this.update(member) === undefined;
  }

  /**
   * Opens a round for those who are asked in it and are still members.
   *
   * @param kept Slices that are kept as long as its sums.
   */
  open(
    opening: Opening,
    shares: ReadonlyMap<string, MemberShare>,
    kept: readonly SliceRow[] = [],
  ): void {
    const asked = [...shares].filter(([member]) => this.member(member) !== undefined);
    // A region without clients may have some before the round closes.
    const awaited = asked.filter(([member]) => (this.member(member)?.size ?? 0) > 0).length;
    const before = this.round.round;
    this.step({ ...opening, drawn: { ...opening.drawn, awaited } });
    if (this.round.round === before) return;
    if (this.round.phase.kind !== "abandoned") this.slices.push(...kept);
    for (const [member, share] of asked) this.shares.set(member, share);
    // Whoever enrolled while the sample was drawn comes as late as one that does so now.
    for (const row of [...this.#base.members.values(), ...this.members.values()]) {
      const joined = this.member(row.id) === row ? this.#join(row) : 0;
      if (joined === 0) continue;
      const { roster } = this.round;
      this.step({ kind: "roster", ...roster, awaited: roster.awaited + 1, joined });
    }
  }

  /**
   * Lets the round machine take an event.
   *
   * @throws {TributaryError} As `step` of src/round; the draft is unchanged then.
   */
  step(event: RoundEvent): void {
    const before = this.round.round;
    const { record, effects } = step(this.round, event, this.nowMs);
    this.round = record;
    if (effects.some(({ kind }) => kind === "drop")) this.#dropSums(before);
    if (record.round !== before) {
      this.#sent = new Map();
      this.shares.clear();
    }
    for (const effect of effects) {
      if (!isStored(effect)) this.effects.push(effect);
      else if (effect.kind === "log") this.logged.push(effect.event);
    }
  }

  /** Adds a member or changes it, and removes one when `row` is undefined. */
  setMember(id: string, row: MemberRow | undefined): void {
    const before = this.member(id);
    const wasAwaited = this.isAwaited(id);
    if (row === undefined) {
      this.members.delete(id);
      this.removed.add(id);
    } else {
      this.members.set(id, row);
    }
    const joined = before === undefined && row !== undefined ? this.#join(row) : 0;
    const counted = (member: MemberRow | undefined) =>
      Number(member !== undefined && member.size > 0);
    const { roster } = this.round;
    this.step({
      kind: "roster",
      members: roster.members + counted(row) - counted(before),
      clients: roster.clients + (row?.size ?? 0) - (before?.size ?? 0),
      awaited: roster.awaited + Number(this.isAwaited(id)) - Number(wasAwaited),
      joined,
    });
  }

  /** Takes a newcomer into the open round if there is room; how many clients came with it. */
  #join({ id, size }: MemberRow): number {
    if (size === 0 || this.share(id) !== undefined || !hasRoomFor(this.round, size)) return 0;
    const { phase } = this.round;
    const group = phase.kind === "open" ? phase.facts.group ?? 0 : 0;
    this.shares.set(id, { clients: size, enough: size, group });
    return size;
  }

  /**
   * Puts an update into a sum of the latest round.
   *
   * @param evidence Slices of its evidence that are not in the store yet.
   */
  addUpdate(row: UpdateRow, parcel: Parcel, evidence: readonly SliceRow[] = []): void {
    this.updates.push(row);
    this.#sent.set(row.member, row);
    this.parcels.push({ group: row.group ?? 0, parcel });
    this.slices.push(...evidence);
    if (parcel.kind === "staged") this.dropped.push(parcel.name);
  }

  /**
   * Keeps a model, and the oldest no more.
   *
   * @param bytes Left out where they are in the store already.
   */
  keepModel(model: ModelInfo, bytes?: Uint8Array): void {
    if (this.models.some((kept) => kept.version === model.version)) return;
    if (bytes !== undefined) this.slices.push(...sliceRows(modelName(model.version), bytes));
    const models = [...this.models, model];
    for (const old of models.slice(0, -KEPT_MODELS)) this.dropped.push(modelName(old.version));
    this.models = models.slice(-KEPT_MODELS);
  }

  /** Forgets what the latest round has gathered: its sums, and who vouches for what is in them. */
  #dropSums(round: number): void {
    this.parcels = [];
    this.dropsSums = true;
    const stored = round === this.#base.record.round.round ? this.#base.updates.values() : [];
    const names = new Set([rosterName(round)]);
    for (const { evidence } of [...stored, ...this.#sent.values()]) {
      if (evidence !== undefined) names.add(evidence.name);
    }
    this.slices = this.slices.filter(({ name }) => !names.has(name));
    if (this.round.rules.mask !== "none") this.dropped.push(...names);
  }
}

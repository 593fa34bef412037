/**
 * Opening the sums of a masked round, group by group: one that cannot be opened costs no other.
 *
 * @module
 */
import { isTributaryError, TributaryError } from "../../src/core/errors.ts";
import { openedCounts } from "../../src/round/groups.ts";
import type { OpenedGroups } from "../../src/round/event.ts";
import type { Phase, RoundFacts } from "../../src/round/record.ts";
import { evidenceSource } from "../../src/wire/evidence_source.ts";
import {
  type GroupOutcome,
  groupsDigest,
  type LoggedGroup,
  type SealedGroup,
} from "../../src/wire/log_groups.ts";
import { isRetryable } from "../../src/wire/peer.ts";
import { groupSession } from "../../src/wire/session_id.ts";
import { verifyMembers } from "../../src/wire/verify_evidence.ts";
import { readEvidence, readRoster } from "../upload/kept_evidence.ts";
import { openSum } from "./open_sum.ts";
import { readSealedSum, readWholeSum } from "../sum/sealed_sum.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { UpdateRow } from "../store.ts";
import type { World } from "../world.ts";

/** The groups that a sealed round has sums of. */
export async function sealGroups(
  world: World,
  life: TaskLife,
): Promise<{
  readonly groups: readonly SealedGroup[];
  readonly sum: string;
  readonly members: string;
}> {
  const { record } = await life.committer.state();
  const groups: SealedGroup[] = [];
  for (const group of Object.keys(record.sums).map(Number).sort((a, b) => a - b)) {
    const { updates, members, digest: sum } = await readSealedSum(world, life, group);
    const clients = updates.reduce((all, { clients }) => all + clients, 0);
    groups.push({ group, updates: updates.length, clients, members, sum });
  }
  return {
    groups,
    sum: await groupsDigest(groups.map(({ sum }) => sum), world.digest),
    members: await groupsDigest(groups.map(({ members }) => members), world.digest),
  };
}

/** A masked round whose groups are opened. */
export type OpeningPhase = Extract<Phase, { kind: "unmasking" }>;

/** What could be opened of a round. */
export interface OpenedRound {
  /** What became of each group, and digests of what is in the words. */
  readonly opened: OpenedGroups;
  /** Clients whose values are in the words. */
  readonly clients: number;
  /** Little-endian words: the sum over all groups that could be opened. */
  readonly words: Uint8Array<ArrayBuffer>;
}

/**
 * Opens each group of a round by itself, several side by side, and adds up what was in them. What cannot
 * be opened is left out, and named with its code. Doing so again gives the same.
 *
 * @throws {TributaryError} What may pass, such as `store-failed`; `digest-mismatch` if a sum is not the
 * one that was sealed.
 */
export async function openGroups(
  world: World,
  life: TaskLife,
  { phase, signal }: { readonly phase: OpeningPhase; readonly signal: AbortSignal },
): Promise<OpenedRound> {
  const { digest, limits } = world;
  const { facts, groups: sealed = [] } = phase;
  // Helpers that are away are waited for once for all of these, not once for each.
  const width = Math.max(
    1,
    Math.min(MOST_AT_ONCE, Math.floor(limits.heldBytes / life.form.parcelBytes)),
  );
  const groups: LoggedGroup[] = [];
  let words: Uint8Array<ArrayBuffer> | undefined;
  for (const some of chunks(sealed, width)) {
    const outcomes = await Promise.allSettled(
      some.map((group) => tryGroup(world, life, { facts, group, signal })),
    );
    outcomes.forEach((it, at) => {
      if (it.status === "rejected") throw it.reason;
      const { outcome, opened } = it.value;
      if (opened !== undefined) words = words === undefined ? opened : added(words, opened);
      const group = some[at];
      if (group !== undefined) groups.push({ ...group, outcome });
    });
  }
  const opened = groups.filter(({ outcome }) => outcome === "opened");
  return {
    opened: {
      groups,
      sum: await groupsDigest(opened.map(({ sum }) => sum), digest),
      members: await groupsDigest(opened.map(({ members }) => members), digest),
    },
    clients: openedCounts(groups).clients,
    words: words ?? new Uint8Array(0),
  };
}

/** Most groups that are opened side by side. */
const MOST_AT_ONCE = 16;

function* chunks<T>(list: readonly T[], length: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += length) yield list.slice(at, at + length);
}

interface GroupOptions {
  readonly facts: RoundFacts;
  readonly group: SealedGroup;
  readonly signal: AbortSignal;
}

/** What becomes of a group, and its words if it was opened. */
async function tryGroup(
  world: World,
  life: TaskLife,
  options: GroupOptions,
): Promise<{ readonly outcome: GroupOutcome; readonly opened?: Uint8Array<ArrayBuffer> }> {
  const { facts, group, signal } = options;
  try {
    const opened = await openGroup(world, life, options);
    return opened === undefined ? { outcome: "too-few-clients" } : { outcome: "opened", opened };
  } catch (error) {
    const isLost = isTributaryError(error) && !isRetryable(error) && !signal.aborted &&
      error.code !== "digest-mismatch";
    if (!isLost) throw error;
    const doing = `opening group ${group.group} of round ${facts.round}`;
    world.logger({ kind: "failure", doing, error });
    return { outcome: error.code };
  }
}

/** The words of a group; undefined if it is too small to be opened. */
async function openGroup(
  world: World,
  life: TaskLife,
  { facts, group, signal }: GroupOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { store, digest } = world;
  const { signed, form: { mask } } = life;
  const { round, base, beacon } = facts;
  const plan = signed.task.mask;
  if (plan.kind === "none") throw new TypeError("Cannot open groups: the task masks nothing");
  if (group.clients < plan.min) return undefined;
  const sum = await readWholeSum(world, life, group.group);
  if (sum.digest !== group.sum) {
    throw new TributaryError(
      "digest-mismatch",
      `Cannot open the sum of group ${group.group} in round ${round}: its digest is ${sum.digest}, ` +
        `expected ${group.sum}`,
    );
  }
  if (mask.phases !== undefined) {
    const members = await clientsOf(world, life, { facts, group, updates: sum.updates });
    return await life.phases?.open({ round, sum: sum.bytes, members, signal });
  }
  return await openSum(world, {
    ...{ signed, task: life.id, round, group: group.group, mask },
    sid: await groupSession(facts.sid, group.group, digest),
    ...{ model: base.digest, beacon, roster: await readRoster(store, life.id, round) },
    ...{ nodes: group.updates, clients: group.clients, sum: sum.bytes },
    evidence: () => readEvidence(store, life.id, sum.updates),
  }, { signal });
}

/** Ids of the clients in a group's sum, as its evidence has them. */
async function clientsOf(
  { store, digest: hash }: World,
  { id, form }: TaskLife,
  { facts, group: { group }, updates }: {
    readonly facts: RoundFacts;
    readonly group: SealedGroup;
    readonly updates: readonly UpdateRow[];
  },
): Promise<string[]> {
  const bytes = updates.reduce((sum, { evidence }) => sum + (evidence?.bytes ?? 0), 0);
  const source = evidenceSource(readEvidence(store, id, updates), bytes);
  const members: string[] = [];
  await verifyMembers(source, updates.length, {
    ...{ task: id, round: facts.round, sid: await groupSession(facts.sid, group, hash), hash },
    envelopes: form.evidence?.envelopes ?? [],
    seen: new Set(),
    visit: ({ client }) => void members.push(client),
  });
  return members;
}

/** Words added mod 2^32: no slot overflows, as all groups together have at most `clients.max` clients. */
function added(one: Uint8Array<ArrayBuffer>, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const sum = new Uint32Array(one.buffer, one.byteOffset, one.length / 4);
  const more = new Uint32Array(other.buffer, other.byteOffset, other.length / 4);
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (more[at] ?? 0);
  return one;
}

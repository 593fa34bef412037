import assert from "node:assert/strict";
import fc from "fast-check";
import { toBase64Url } from "../../src/core/bytes.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import { hasRoomFor } from "../../src/round/admission.ts";
import { drawSample } from "../../src/round/sample.ts";
import { parentRound } from "../../src/round/_testing.ts";
import { beginRegion, beginRoot } from "../../src/round/begin.ts";
import { rootShare, type Sampling } from "../../src/wire/sampling.ts";
import { nodeDigest } from "../_testing.ts";
import { emptyAccess } from "../access/access.ts";
import { Draft } from "./draft.ts";
import { abstained, inGroup } from "./shares.ts";
import type { MemberRow } from "../store.ts";
import type { TaskState } from "./task_state.ts";
import { checkShare } from "./word_rules.ts";

const MAX = 8;
const ids = Array.from({ length: 7 }, (_, at) => toBase64Url(new Uint8Array(32).fill(at + 1)));
const sid = "07".repeat(32);

function rowOf(at: number, size: number): MemberRow {
  const id = ids[at]!;
  // The first three are regions.
  return at < 3
    ? { id, publicKey: id, kind: "region", size }
    : { id, publicKey: id, kind: "client", size: 1 };
}

function emptyState(sampling: Sampling): TaskState {
  const model = { version: 0, digest: "00".repeat(32), bytes: 1 };
  const rules = {
    min: 1,
    max: MAX,
    sampling,
    roundMs: 1000,
    mask: "none",
    stop: { rounds: 9 },
  } as const;
  const { record: round } = beginRoot({ task: "11".repeat(32), rules, model });
  return {
    version: 1,
    record: { round, sums: {}, models: [model], logLength: 1, parent: null },
    members: new Map(),
    access: emptyAccess(),
    updates: new Map(),
    shares: new Map(),
    shareRows: 0,
    lastEntry: undefined,
  };
}

type Act =
  | { readonly kind: "join"; readonly at: number; readonly size: number }
  | { readonly kind: "leave"; readonly at: number }
  | { readonly kind: "update"; readonly at: number; readonly clients: number }
  | { readonly kind: "abstain"; readonly at: number }
  | { readonly kind: "draw" }
  | { readonly kind: "open" };

const at = fc.nat(ids.length - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("join" as const), at, size: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("update" as const), at, clients: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abstain" as const), at }) },
  { weight: 2, arbitrary: fc.constant({ kind: "draw" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "open" as const }) },
);

/** Does an act as the aggregator does it; one that is refused changes nothing. */
function perform(draft: Draft, act: Exclude<Act, { kind: "draw" | "open" }>): void {
  const member = ids[act.at]!;
  const { round } = draft.round;
  switch (act.kind) {
    case "join":
      return draft.setMember(member, rowOf(act.at, act.size));
    case "leave":
      if (draft.member(member) !== undefined) draft.setMember(member, undefined);
      return;
    case "update": {
      if (draft.member(member) === undefined || draft.update(member) !== undefined) return;
      const clients = act.at < 3 ? act.clients : 1;
      checkShare(draft.share(member), { round, member, clients });
      const awaited = draft.isAwaited(member);
      draft.step({ kind: "update", round, sid, clients, bytes: 4, awaited });
      const row = { round, member, position: 0, digest: "aa", sid, clients };
      draft.addUpdate(row, { kind: "held", slices: [] });
      return;
    }
    case "abstain": {
      if (!draft.isAwaited(member)) return;
      draft.step({ kind: "abstain", round, sid, awaited: true });
      draft.shares.set(member, abstained(draft.share(member)!));
      return;
    }
    default:
      throw act satisfies never;
  }
}

/** The counts that the record should have, counted anew. */
function check(draft: Draft): void {
  const rows = ids.flatMap((id) => draft.member(id) ?? []);
  const { roster, phase, rules } = draft.round;
  assert.equal(roster.members, rows.filter(({ size }) => size > 0).length);
  assert.equal(roster.clients, rows.reduce((sum, { size }) => sum + size, 0));
  if (phase.kind !== "open") return;
  assert.equal(roster.awaited, rows.filter(({ id }) => draft.isAwaited(id)).length);
  const { facts } = phase;
  assert.ok(facts.clients <= MAX);
  // Whoever is there and not asked found no room.
  const left = rows.filter(({ id, kind }) => kind === "client" && draft.share(id) === undefined);
  if (left.length > 0) assert.equal(hasRoomFor(draft.round, 1), false);
  // There is a place for everyone who may still come, and so nobody is refused who was asked.
  if (rules.sampling.kind === "poisson") return;
  const pending = ids.reduce((sum, id) => {
    const hasSent = draft.update(id) !== undefined;
    return sum + (hasSent ? 0 : draft.share(id)?.clients ?? 0);
  }, 0);
  assert.ok(facts.clients + pending <= facts.share.clients, `${facts.clients} + ${pending}`);
  assert.ok(facts.clients + pending <= facts.sample.asked);
}

const samplings: Sampling[] = [
  { kind: "all" },
  { kind: "poisson", rate: 0.7 },
  { kind: "uniform", count: 4, overSelect: 1.5 },
];
for (const sampling of samplings) {
  Deno.test(`draft: whatever happens, ${sampling.kind} counts who is waited for, and has room for them`, async () => {
    const share = rootShare(sampling, { max: MAX });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), async (acts) => {
        const draft = new Draft(emptyState(sampling), 0);
        const draw = async () =>
          await drawSample({
            ...{ sampling, sid, share, rate: 0.7, digest: nodeDigest, drawer: ids[0]! },
            members: ids.flatMap((id) => draft.member(id) ?? []),
          });
        // Members come and go between the drawing and the opening.
        let sample = await draw();
        for (const act of acts) {
          if (act.kind === "draw") {
            sample = await draw();
          } else if (act.kind === "open") {
            const { round } = draft.round;
            if (draft.round.phase.kind === "open") draft.step({ kind: "tick" });
            const opening = {
              sid,
              roster: sid,
              beacon: sid,
              drawn: { share, sample: sample.facts },
            };
            draft.open({ kind: "open", round: round + 1, ...opening }, inGroup(sample.shares, 0));
          } else {
            try {
              perform(draft, act);
            } catch (error) {
              assert.ok(isTributaryError(error), String(error));
              assert.notEqual(error.code, "round-full");
            }
          }
          check(draft);
        }
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("draft: of two rounds in one write the second has its own shares", () => {
  const state = emptyState({ kind: "all" });
  const rules = state.record.round.rules;
  const { record: round } = beginRegion({ task: "11".repeat(32), rules, parent: "p" });
  const draft = new Draft({ ...state, record: { ...state.record, round } }, 0);
  for (const at of [3, 4]) draft.setMember(ids[at]!, rowOf(at, 1));
  const share = { clients: 1, enough: 1 };
  const follow = (number: number, member: string) => {
    const info = { ...parentRound(number, number - 1), task: round.task };
    const drawn = { share, sample: { threshold: 0.5, asked: 1, enough: 1 } };
    draft.open({ kind: "parent", info, drawn }, inGroup(new Map([[member, share]]), 0));
  };
  follow(1, ids[3]!);
  assert.deepEqual(ids.filter((id) => draft.isAwaited(id)), [ids[3]]);
  follow(2, ids[4]!);
  assert.deepEqual(ids.filter((id) => draft.isAwaited(id)), [ids[4]]);
  assert.deepEqual([...draft.shares.keys()], [ids[4]]);
});

Deno.test("draft: a masked round that is over takes along its sums, its evidence and its roster", () => {
  const state = emptyState({ kind: "all" });
  const rules = { ...state.record.round.rules, mask: "kahe1" } as const;
  const { record: round } = beginRegion({ task: "11".repeat(32), rules, parent: "p" });
  const [one, other] = [ids[3]!, ids[4]!];
  const begin = () => {
    const draft = new Draft({ ...state, record: { ...state.record, round } }, 0);
    for (const at of [3, 4]) draft.setMember(ids[at]!, rowOf(at, 1));
    return draft;
  };
  const share = { clients: 2, enough: 2 };
  const sample = { threshold: 1, asked: 2, enough: 2 };
  const follow = (draft: Draft, number: number) => {
    const info = { ...parentRound(number, number - 1), task: round.task, group: 5 };
    const shares = inGroup(new Map([[one, share], [other, share]]), 5);
    draft.open({ kind: "parent", info, drawn: { share, sample } }, shares);
  };
  const send = (draft: Draft, member: string) => {
    const name = `evidence/1/${member}`;
    const { round } = draft.round;
    const { sid } = parentRound(round, 0);
    const row = { round, member, position: 0, digest: sid, sid, clients: 1, group: 5 };
    const evidence = [{ name, index: 0, bytes: new Uint8Array(9) }];
    const parcel = { kind: "held", slices: [] } as const;
    draft.addUpdate({ ...row, evidence: { name, bytes: 9 } }, parcel, evidence);
    draft.step({ kind: "update", round, sid, clients: 1, bytes: 9, awaited: true });
    return row;
  };

  // All in one write: what was not stored yet is not stored at all.
  const draft = begin();
  follow(draft, 1);
  send(draft, one);
  assert.deepEqual(draft.parcels.map(({ group }) => group), [5]);
  assert.equal(draft.slices.length, 1);
  follow(draft, 2);
  assert.deepEqual([draft.parcels, draft.slices, draft.dropsSums], [[], [], true]);
  assert.deepEqual(draft.dropped, ["roster/1", `evidence/1/${one}`]);

  // In two: what an earlier write has stored is dropped by name.
  const first = begin();
  follow(first, 1);
  const row = send(first, other);
  const kept = { name: `evidence/1/${other}`, bytes: 9 };
  const second = new Draft({
    ...state,
    record: { ...state.record, round: first.round },
    updates: new Map([[other, { ...row, evidence: kept }]]),
    shares: new Map(first.shares),
    members: new Map(first.members),
  }, 0);
  send(second, one);
  follow(second, 2);
  assert.deepEqual(second.dropped.toSorted(), [
    ...[`evidence/1/${one}`, `evidence/1/${other}`, "roster/1"].sort(),
  ]);
  assert.deepEqual(second.slices, []);
});

Deno.test("draft: who joins a region's masked round late is in its region's group, and nobody joins the root's", () => {
  const state = emptyState({ kind: "all" });
  const rules = { ...state.record.round.rules, mask: "kahe1" } as const;
  const { record: round } = beginRegion({ task: "11".repeat(32), rules, parent: "p" });
  const draft = new Draft({ ...state, record: { ...state.record, round } }, 0);
  draft.setMember(ids[3]!, rowOf(3, 1));
  const share = { clients: 4, enough: 4 };
  const info = { ...parentRound(1, 0), task: round.task, group: 5 };
  const drawn = { share, sample: { threshold: 1, asked: 1, enough: 4 } };
  const shares = inGroup(new Map([[ids[3]!, { clients: 1, enough: 1 }]]), 5);
  draft.open({ kind: "parent", info, drawn }, shares);
  draft.setMember(ids[4]!, rowOf(4, 1));
  assert.deepEqual(draft.share(ids[4]!), { clients: 1, enough: 1, group: 5 });

  const model = { version: 0, digest: "00".repeat(32), bytes: 1 };
  const { record: root } = beginRoot({ task: "11".repeat(32), rules, model });
  const above = new Draft({ ...state, record: { ...state.record, round: root } }, 0);
  above.setMember(ids[3]!, rowOf(3, 1));
  const opening = { kind: "open", round: 1, sid, roster: sid, beacon: sid, drawn } as const;
  above.open(opening, inGroup(new Map([[ids[3]!, { clients: 1, enough: 1 }]]), 0));
  above.setMember(ids[4]!, rowOf(4, 1));
  assert.equal(above.share(ids[4]!), undefined);
});

/**
 * A root's next round: whom it asks, and in which groups they are summed.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import { assignGroups } from "../../src/round/groups.ts";
import { rateThatFits } from "../../src/round/rate.ts";
import { type Candidate, drawSample, type Sample } from "../../src/round/sample.ts";
import { rosterRoot } from "../../src/wire/merkle.ts";
import { rootShare, type Share } from "../../src/wire/sampling.ts";
import { planDigest, sessionId } from "../../src/wire/session_id.ts";
import { candidatesOf } from "../task/candidates.ts";
import { rosterRows } from "../upload/kept_evidence.ts";
import { inGroup, type MemberShare } from "../task/shares.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** Draws the beacon and the sample of a round, and opens it. */
export async function openRound(
  world: World,
  life: TaskLife,
  { round, signal }: { readonly round: number; readonly signal: AbortSignal },
): Promise<void> {
  const { digest, random } = world;
  const { committer } = life;
  const { task } = life.signed;
  const { sampling, clients, mask } = task;
  if (sampling.kind === "available") await life.presence.reach(clients.min, signal);
  const { record, members } = await committer.state();
  const { model } = record.round;
  if (model === undefined) return;
  const candidates = candidatesOf(life, members.values());
  // The roster goes on changing while this goes on; the sid binds it as it is now.
  const ids = [...members.keys()];
  const roster = await rosterRoot(ids, digest);
  const beacon = toHex(random(32));
  const plan = await planDigest(task, digest);
  const sid = await sessionId(
    { task: life.id, round, model: model.digest, plan, roster, beacon },
    digest,
  );
  const all = candidates.reduce((sum, { size }) => sum + size, 0);
  const share = rootShare(sampling, clients);
  const rate = sampling.kind === "poisson" ? rateThatFits(sampling.rate, all, clients.max) : 1;
  const drawer = world.identity.id;
  const asked = await drawSample({
    ...{ sampling, sid, drawer, members: candidates, share, rate, digest },
  });
  const sample = mask.kind === "secagg_plus" ? withoutRoom(asked, candidates) : asked;
  const shares = mask.kind === "none" || mask.kind === "secagg_plus"
    ? inGroup(sample.shares, 0)
    : await grouped(sample.shares, candidates, {
      rate,
      groups: { sid, most: mask.groups, min: mask.min, digest },
    });
  const drawn = { share, sample: sample.facts };
  const opening = { kind: "open", round, sid, roster, beacon, drawn } as const;
  const kept = mask.kind === "none" ? [] : rosterRows(round, ids);
  await committer.run((draft) => draft.open(opening, shares, kept));
}

/** The sample without room for those who may still come: they would come too late to share keys. */
function withoutRoom(sample: Sample, candidates: readonly Candidate[]): Sample {
  const sizes = new Map(candidates.map(({ id, size }) => [id, size]));
  const shares = new Map(Array.from(sample.shares, ([id, { clients, enough }]) => {
    const most = Math.min(clients, sizes.get(id) ?? 0);
    return [id, { clients: most, enough: Math.min(enough, most) }];
  }));
  const asked = [...shares.values()].reduce((sum, { clients }) => sum + clients, 0);
  return { facts: { ...sample.facts, asked }, shares };
}

interface GroupedOptions {
  /** Of a Poisson sample; else 1. */
  readonly rate: number;
  readonly groups: Parameters<typeof assignGroups>[1];
}

/** Divides those who are asked among the groups, by the clients that are expected of each. */
async function grouped(
  shares: ReadonlyMap<string, Share>,
  candidates: readonly Candidate[],
  { rate, groups: options }: GroupedOptions,
): Promise<ReadonlyMap<string, MemberShare>> {
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const members = Array.from(shares, ([id, { enough }]) => {
    const { kind, size } = byId.get(id) ?? { kind: "client", size: 1 };
    // A region's share may be for more clients than it has: some may still come.
    return { id, clients: kind === "client" ? 1 : Math.min(enough, size) * rate };
  });
  const groups = await assignGroups(members, options);
  return new Map(
    Array.from(shares, ([id, share]) => [id, { ...share, group: groups.get(id) ?? 0 }]),
  );
}

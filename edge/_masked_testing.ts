/**
 * What the tests of masked trees share: clients that mask what they send, and committees whose
 * helpers can be lost.
 *
 * @module
 */
import type { Clock } from "../src/core/clock.ts";
import { isTributaryError } from "../src/core/errors.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { maskUpdate } from "../src/client/mask_update.ts";
import { maskOf } from "../src/mask/registry.ts";
import { parcelsOf } from "../src/update/plan.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import type { UpdateUpload } from "../src/wire/peer.ts";
import { groupOf, type OpenRound } from "../src/wire/round_info.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { type Task, taskId, updatePlan } from "../src/wire/task.ts";
import { module, nodeDigest, parcelOf } from "./_testing.ts";
import { patientPeer, type Process } from "./_tree_testing.ts";

/** A client's upload for a round, masked as its task says. */
export async function maskedUpload(
  task: Task,
  { identity, round, words }: {
    readonly identity: Identity;
    readonly round: OpenRound;
    readonly words: readonly number[];
  },
): Promise<Omit<UpdateUpload, "region">> {
  using aggregate = createAggregateCore(module);
  const masked = await maskUpdate(parcelOf(words), {
    round,
    group: groupOf(round, task.mask),
    part: {
      ...{ aggregate, digest: nodeDigest, identity, random: systemRandom, maskPlan: task.mask },
      mask: maskOf(task.mask, parcelsOf(updatePlan(task))),
      task: await taskId(task),
    },
  });
  return { round: round.round, sid: round.sid, clients: 1, ...masked };
}

/** What a client came through. */
export interface MaskedRun {
  /** Number of each round that it got a receipt for. */
  readonly rounds: readonly number[];
  /** The group of each round. */
  readonly groups: readonly number[];
}

/** What a client does. */
export interface MaskedClientOptions {
  readonly task: Task;
  /** What it sends in a round; nothing where undefined: it says so, and is waited for no more. */
  words(round: number): readonly number[] | undefined;
  /** Changes what it sends. */
  readonly spoil?: (upload: Omit<UpdateUpload, "region">) => Promise<typeof upload>;
}

/** Enrols and takes part until the task ends. */
export async function runMaskedClient(
  clock: Clock,
  region: Pick<Process, "fetch">,
  options: MaskedClientOptions,
): Promise<MaskedRun> {
  const { task, words, spoil = (upload) => Promise.resolve(upload) } = options;
  const id = await taskId(task);
  const plan = await planDigest(task);
  const identity = await generateIdentity();
  const peer = patientPeer(clock, region.fetch, identity);
  const offer = await peer.task(id);
  const enrol = () => peer.enrol(id, { kind: "client", size: 1, region: offer.region });
  await enrol();
  const [rounds, groups]: [number[], number[]] = [[], []];
  const as = { region: offer.region };
  for (let after = 0;;) {
    const info = await peer.round(id, { after, waitS: 60, plan, as }).catch(async (error) => {
      if (!isTributaryError(error, "member-unknown")) throw error;
      return void await enrol();
    });
    if (info === undefined) continue;
    if (info.kind === "finished") return { rounds, groups };
    after = info.round;
    if (info.share?.clients === 0) continue;
    const mine = words(info.round);
    const { round, sid } = info;
    if (mine === undefined) {
      await peer.abstain(id, { round, sid, region: offer.region });
      continue;
    }
    const upload = await spoil(await maskedUpload(task, { identity, round: info, words: mine }));
    await peer.putUpdate(id, { ...upload, region: offer.region });
    rounds.push(round);
    groups.push(info.group ?? 0);
  }
}

/** Reaches helpers, but for those that are lost. */
export function without(fetch: Fetch, lost: readonly string[]): Fetch {
  return async (request) => {
    if (lost.some((url) => request.url.startsWith(`${url}/`))) {
      throw new TypeError("connection refused");
    }
    return await fetch(request);
  };
}

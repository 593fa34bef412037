/**
 * What the tests of `secagg_plus` over a tree share: clients that take part in its phases, and may go
 * away.
 *
 * @module
 */
import { beginPhases } from "../src/client/phases.ts";
import { maskUpdate } from "../src/client/mask_update.ts";
import type { Clock } from "../src/core/clock.ts";
import { isTributaryError } from "../src/core/errors.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { generateIdentity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { maskOf } from "../src/mask/registry.ts";
import { secaggParameters } from "../src/mask/secagg_plus_table.ts";
import { parcelsOf } from "../src/update/plan.ts";
import { createAggregateCore } from "../src/wasm/aggregate.ts";
import { createPhasePeer } from "../src/wire/phase_peer.ts";
import { groupSession, planDigest } from "../src/wire/session_id.ts";
import { type Task, taskId, updatePlan } from "../src/wire/task.ts";
import { module, nodeDigest, parcelOf, testTask } from "./_testing.ts";
import { patientPeer } from "./_tree_testing.ts";

/** A task of so many words that is masked among neighbours; phases last 450 s. */
export function phasedTask(words: number, change: Partial<Task> = {}): Task {
  const clients = { min: 3, max: 100 };
  const slotBits = 19;
  const { update } = testTask(words);
  return testTask(words, {
    ...{ clients, roundMs: 3_600_000, stop: { rounds: 1 } },
    update: { ...update, slotBits },
    mask: { kind: "secagg_plus", ...secaggParameters(clients.max), min: 3 },
    ...change,
  });
}

/** What a client does. */
export interface PhasedClient {
  readonly task: Task;
  /** How it reaches its region. */
  readonly fetch: Fetch;
  /** What it sends in a round. */
  words(round: number): readonly number[];
}

/** What became of a round, for a client. */
export interface PhasedRound {
  readonly round: number;
  /** A code of what stopped it; `opened` if it gave its last word. */
  readonly outcome: string;
}

/** Enrols and takes part until the task ends. */
export async function runPhasedClient(clock: Clock, options: PhasedClient): Promise<PhasedRound[]> {
  const { task, fetch, words } = options;
  const id = await taskId(task);
  const plan = await planDigest(task);
  const identity = await generateIdentity();
  const peer = patientPeer(clock, fetch, identity);
  const phasePeer = createPhasePeer({
    ...{ url: "http://region.test", fetch, identity, clock, random: systemRandom },
    digest: nodeDigest,
    retry: { attempts: Infinity, minMs: 1, maxMs: 1 },
  });
  const { region, owner } = await peer.task(id);
  const enrol = () => peer.enrol(id, { kind: "client", size: 1, region });
  await enrol();
  const mask = maskOf(task.mask, parcelsOf(updatePlan(task)));
  const { phases: phased } = mask;
  if (phased === undefined) throw new TypeError("the task has no phases");
  const rounds: PhasedRound[] = [];
  using core = createAggregateCore(module);
  for (let after = 0;;) {
    const info = await peer.round(id, { after, waitS: 60, plan, as: { region } })
      .catch(async (error) => {
        if (!isTributaryError(error, "member-unknown")) throw error;
        return void await enrol();
      });
    if (info === undefined) continue;
    if (info.kind === "finished") return rounds;
    after = info.round;
    const { round, sid: roundSid } = info;
    const sid = await groupSession(roundSid, 0);
    const { signal } = new AbortController();
    try {
      const session = await beginPhases({
        ...{ peer: phasePeer, region, task: id, owner, round, sid, identity, phased, core },
        ...{ random: systemRandom, digest: nodeDigest },
      }, signal);
      const masked = await maskUpdate(parcelOf(words(round)), {
        ...{ round: info, group: 0, session },
        part: {
          ...{ aggregate: core, digest: nodeDigest, identity, mask, maskPlan: task.mask },
          ...{ random: systemRandom, task: id },
        },
      });
      await peer.putUpdate(id, { round, sid: roundSid, clients: 1, ...masked, region });
      await session.finish(signal);
      rounds.push({ round, outcome: "opened" });
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      rounds.push({ round, outcome: error.code });
      await peer.abstain(id, { round, sid: roundSid, region }).catch(() => {});
    }
  }
}

/**
 * A client's part in the phases of `secagg_plus`: it shares its keys with its neighbours before it sends
 * its parcel, and afterwards gives the root its neighbours' shares, once these agree on who is in the
 * sum.
 *
 * @module
 */
import { fromBase64Url, fromHex } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { type Identity, identityId } from "../core/identity.ts";
import type { RandomSource } from "../core/random.ts";
import type { PhasedMask } from "../mask/secagg_plus.ts";
import { takeOutcome, takeSignatures } from "../mask/secagg_plus_answer.ts";
import { advertise, afterMasking, takeInbox, takeRoster } from "../mask/secagg_plus_client.ts";
import type { ClientRound, MaskedClient, ReadyClient } from "../mask/secagg_plus_states.ts";
import type { AggregateCore } from "../wasm/aggregate.ts";
import type { Party } from "../wire/party.ts";
import type { DownPhase, UpPhase } from "../wire/phase.ts";
import type { PhasePeer } from "../wire/phase_peer.ts";
import { MAX_WAIT_S } from "../wire/routes.ts";

/** What a client takes part in phases with. */
export interface PhaseOptions {
  /** Its region, tried until a signal aborts. */
  readonly peer: PhasePeer;
  /** The region as its offer named it. */
  readonly region: Party;
  /** Digest of the task. */
  readonly task: string;
  /** Raw Ed25519 key of the task's owner, base64url: who says who is in a round, and in its sum. */
  readonly owner: string;
  /** Number of the round. */
  readonly round: number;
  /** What parcels are masked under, hex: the group's sid. */
  readonly sid: string;
  /** The client. */
  readonly identity: Identity;
  /** The task's scheme. */
  readonly phased: PhasedMask;
  /** Arithmetic. */
  readonly core: AggregateCore;
  /** CSPRNG. */
  readonly random: RandomSource;
  /** SHA-256. */
  readonly digest: Digest;
}

/** A client whose neighbours have its shares. */
export interface PhaseSession {
  /** Masks the one parcel of the round. */
  mask(parcel: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Waits for the outcome, and gives what the root needs to open the sum.
   *
   * @throws {TributaryError} What it refuses to answer (see `takeOutcome` and `takeSignatures`), or
   * `round-closed` if the round ended without it.
   */
  finish(signal: AbortSignal): Promise<void>;
}

/**
 * Advertises keys and shares them, as soon as everybody else that takes part does so.
 *
 * @throws {TributaryError} `phase-closed` for one that comes too late, `not-asked`, `survivors-missing`
 * if too few others take part, and what a client refuses (see `takeRoster` and `takeInbox`).
 */
export async function beginPhases(
  options: PhaseOptions,
  signal: AbortSignal,
): Promise<PhaseSession> {
  const { phased, core, random, digest, identity, sid } = options;
  const publicKey = fromBase64Url(options.owner);
  const round: ClientRound = {
    ...{ task: options.task, round: options.round, sid, identity, core, random },
    plan: phased.plan,
    hash: digest,
    owner: { id: await identityId(publicKey), publicKey },
  };
  const keys = await advertise(round);
  await put(options, "advertise", keys.message, signal);
  const roster = await ask(options, "roster", signal);
  const shares = await takeRoster(round, keys.state, roster);
  await put(options, "share", shares.message, signal);
  const inbox = await ask(options, "inbox", signal);
  const ready: ReadyClient = takeInbox(round, shares.state, inbox);

  return {
    async mask(parcel) {
      const seeds = ready.takeSeeds();
      try {
        return await phased.masks.mask(core, { parcel, sid: fromHex(sid), seeds, random });
      } finally {
        for (const { seed } of seeds) seed.fill(0);
      }
    },
    async finish(signal) {
      const masked: MaskedClient = afterMasking(ready);
      const outcome = await ask(options, "outcome", signal);
      const agreed = await takeOutcome(round, masked, outcome);
      if (agreed.state.kind !== "agreed") throw new TypeError("a first outcome was agreed to");
      await put(options, "consistency", agreed.message, signal);
      const signatures = await ask(options, "signatures", signal);
      const done = await takeSignatures(round, agreed.state, signatures);
      await put(options, "unmask", done.message, signal);
    },
  };
}

async function put(
  { peer, task, round, region, identity }: PhaseOptions,
  phase: UpPhase,
  message: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  await peer.put({ task, round, region, member: identity.id, phase, message, signal });
}

/** Waits for a message of the root, however long it takes. */
async function ask(
  { peer, task, round, region, identity }: PhaseOptions,
  phase: DownPhase,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  for (;;) {
    const call = { task, round, region, member: identity.id, phase, waitS: MAX_WAIT_S, signal };
    const answer = await peer.get(call);
    if (answer !== undefined) return answer;
    signal.throwIfAborted();
  }
}

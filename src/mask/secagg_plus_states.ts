/**
 * The states of a client of `secagg_plus`.
 *
 *     advertise ─→ advertised ─ roster ─→ shared ─ inbox ─→ ready ─ mask ─→ masked
 *                                    ─ outcome ─→ agreed ─ signatures ─→ done
 *
 * @module
 */
import type { Identity } from "../core/identity.ts";
import type { SeedKey } from "../wasm/kahe.ts";
import { signPhase, type UpPhase } from "../wire/phase.ts";
import type { Outcome, RosterHead } from "../wire/phase_down.ts";
import type { AgreementKey } from "./agreement.ts";
import { named, type RoundGraph, type SecaggRound } from "./secagg_plus_round.ts";
import type { SharePair } from "./share_box.ts";

/** Whoever runs the root. */
export interface Owner {
  /** Its id. */
  readonly id: string;
  /** Raw Ed25519 key. */
  readonly publicKey: Uint8Array;
}

/** A round as a client takes part in it. */
export interface ClientRound extends SecaggRound {
  /** The client. */
  readonly identity: Identity;
  /** The task's owner, who runs the root: who says who is in the round, and in the sum. */
  readonly owner: Owner;
}

/** Sent its keys, and waits for the roster. */
export interface AdvertisedClient {
  /** Tells states apart. */
  readonly kind: "advertised";
  /** Boxes are sealed with it. */
  readonly box: AgreementKey;
  /** Masks are agreed on with it. */
  readonly mask: AgreementKey;
  /** 32 bytes that the mask key is made of. */
  readonly maskSecret: Uint8Array;
}

/** A neighbour as a client knows it. */
export interface Neighbour {
  /** Its place in the roster. */
  readonly place: number;
  /** Its id. */
  readonly member: string;
  /** Raw Ed25519. */
  readonly publicKey: Uint8Array;
  /** Key of all boxes between the two. */
  readonly boxKey: Uint8Array;
  /** Seed of the mask between the two. */
  readonly pair: Uint8Array;
}

/** What stays the same once the roster is known. */
export interface Seated {
  /** Who is in the round, in short. */
  readonly head: RosterHead;
  /** Who is whose neighbour. */
  readonly graph: RoundGraph;
  /** Its own place. */
  readonly place: number;
  /** Boxes are sealed with it. */
  readonly box: AgreementKey;
  /** By their places. */
  readonly neighbours: ReadonlyMap<number, Neighbour>;
}

/** Sent its shares, and waits for its neighbours'. */
export interface SharedClient extends Seated {
  /** Tells states apart. */
  readonly kind: "shared";
  /** Seed of its own mask. */
  readonly selfSeed: Uint8Array;
}

/** What was in the boxes of the neighbours that shared; undefined for a box that did not open. */
export type Received = ReadonlyMap<number, SharePair | undefined>;

/** Has its neighbours' shares, and may mask one parcel. */
export interface ReadyClient extends Seated {
  /** Tells states apart. */
  readonly kind: "ready";
  /** What its neighbours' boxes held. */
  readonly received: Received;
  /** What masks: given away once. */
  takeSeeds(): readonly SeedKey[];
}

/** Has masked, and waits for the outcome. */
export interface MaskedClient extends Seated {
  /** Tells states apart. */
  readonly kind: "masked";
  /** What its neighbours' boxes held. */
  readonly received: Received;
}

/** Has agreed to one outcome, and waits for its neighbours' word on the same. */
export interface AgreedClient extends Omit<MaskedClient, "kind"> {
  /** Tells states apart. */
  readonly kind: "agreed";
  /** The outcome's bytes, without the root's signature. */
  readonly payload: Uint8Array;
  /** The outcome. */
  readonly outcome: Outcome;
  /** What it said to it. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** Has given its neighbours' shares away; there is nothing left to ask it for. */
export interface DoneClient extends Omit<AgreedClient, "kind"> {
  /** Tells states apart. */
  readonly kind: "done";
  /** What it gave. */
  readonly shares: Uint8Array<ArrayBuffer>;
}

/** A state, and what is sent when it is reached. */
export interface ClientStep<State> {
  /** The next state. */
  readonly state: State;
  /** For the root. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** A message of a client, signed. */
export async function saidBy(
  round: ClientRound,
  phase: UpPhase,
  payload: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { identity, hash } = round;
  return await signPhase(payload, { ...named(round), phase, identity, hash });
}

/**
 * A client of `secagg_plus`: from one state and a message of the root to the next state and message.
 *
 *     advertise ─→ advertised ─ roster ─→ shared ─ inbox ─→ ready ─ mask ─→ masked
 *                                    ─ outcome ─→ agreed ─ signatures ─→ done
 *
 * Nothing here reads a clock or a network. What a function refuses leaves the state as it was, and a
 * client that refuses is one that has dropped out.
 *
 * @module
 */
import { equalBytes, fromHex } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { type Identity, identityId } from "../core/identity.ts";
import { SEED_BYTES, type SeedKey } from "../wasm/kahe.ts";
import { isProven } from "../wire/merkle_proof.ts";
import { partSigned, signPhase, type UpPhase, verifyPhase } from "../wire/phase.ts";
import {
  decodeInbox,
  decodeOutcome,
  decodeRoster,
  decodeSignatures,
  type Outcome,
  type RosterHead,
  type RosterNeighbour,
} from "../wire/phase_down.ts";
import {
  decodeAdvertisement,
  encodeAdvertisement,
  encodeConsistency,
  encodeSecretShares,
  encodeShares,
  encodeUnmask,
} from "../wire/phase_up.ts";
import { agree, type AgreementKey, agreementKey, isLower, pairSeed } from "./agreement.ts";
import { boxKey, openBox, sealBox } from "./neighbour_box.ts";
import {
  outcomeDigest,
  rosterEntry,
  type RoundGraph,
  roundGraph,
  type SecaggRound,
  seedCommitment,
} from "./secagg_plus_round.ts";
import { splitSecrets } from "./secret_shares.ts";
import { boxText, readBoxText, type SharePair } from "./share_box.ts";

/** A round as a client takes part in it. */
export interface ClientRound extends SecaggRound {
  /** The client. */
  readonly identity: Identity;
  /** The task's owner, who runs the root: who says who is in the round, and in the sum. */
  readonly owner: { readonly id: string; readonly publicKey: Uint8Array };
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
interface Neighbour {
  readonly place: number;
  readonly member: string;
  /** Raw Ed25519. */
  readonly publicKey: Uint8Array;
  /** Key of all boxes between the two. */
  readonly boxKey: Uint8Array;
  /** Seed of the mask between the two. */
  readonly pair: Uint8Array;
}

/** What stays the same once the roster is known. */
interface Seated {
  readonly head: RosterHead;
  readonly graph: RoundGraph;
  readonly place: number;
  readonly box: AgreementKey;
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
type Received = ReadonlyMap<number, SharePair | undefined>;

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

/** Draws the keys of a round. */
export async function advertise(round: ClientRound): Promise<ClientStep<AdvertisedClient>> {
  const [boxSecret, maskSecret] = [round.random(SEED_BYTES), round.random(SEED_BYTES)];
  const [box, mask] = [await agreementKey(boxSecret), await agreementKey(maskSecret)];
  boxSecret.fill(0);
  const { publicKey } = round.identity;
  const keys = { publicKey, boxKey: box.publicKey, maskKey: mask.publicKey };
  return {
    state: { kind: "advertised", box, mask, maskSecret },
    message: await signed(round, "advertise", encodeAdvertisement(keys)),
  };
}

/**
 * Takes the roster, and shares its secrets among its neighbours.
 *
 * @throws {TributaryError} `phase-malformed`, `place-unknown`, `member-repeated` for bytes that are no
 * roster; `signature-invalid` if the task's owner, or a neighbour, has not signed its part of it;
 * `roster-refused` if a client is not where it is said to be, or a neighbour is not the graph's;
 * `survivors-missing` if it is too small; `key-malformed` for a neighbour's key that is none.
 */
export async function takeRoster(
  round: ClientRound,
  state: AdvertisedClient,
  bytes: Uint8Array,
): Promise<ClientStep<SharedClient>> {
  const { owner, hash, plan, identity } = round;
  const { head, payload, signature, place, proof, neighbours } = decodeRoster(bytes);
  const speaker = { ...named(round), phase: "roster", member: owner.id } as const;
  await verifyPhase({ payload, signature }, speaker, { publicKey: owner.publicKey, hash });
  const { clients, root } = head;
  if (clients < Math.max(2, plan.min)) {
    throw new TributaryError(
      "survivors-missing",
      `Cannot share keys in a roster of ${clients}: expected at least ${Math.max(2, plan.min)}`,
    );
  }
  const keys = {
    publicKey: identity.publicKey,
    boxKey: state.box.publicKey,
    maskKey: state.mask.publicKey,
  };
  const entry = rosterEntry(identity.id, keys);
  if (!await isProven({ entry, place, entries: clients, proof }, { root, digest: hash })) {
    refuseRoster(`this client's keys are not at its place ${place}`);
  }
  const graph = await roundGraph(round, head);
  const expected = graph.neighbours(place);
  if (expected.join() !== neighbours.map((it) => it.place).join()) {
    refuseRoster(`the neighbours of place ${place} are not the graph's`);
  }
  const met = await Promise.all(neighbours.map((it) => meet(round, state, { head, it })));
  const ids = new Set([identity.id, ...met.map(({ member }) => member)]);
  if (ids.size !== met.length + 1) {
    throw new TributaryError(
      "member-repeated",
      `Cannot use a roster: ${met.length} neighbours have ${
        ids.size - 1
      } ids that are not this client's`,
    );
  }
  const selfSeed = round.random(SEED_BYTES);
  const { threshold, degree } = graph;
  const secrets = [selfSeed, state.maskSecret];
  const split = { shares: degree, threshold, random: round.random };
  const shares = splitSecrets(round.core, secrets, split);
  const boxes = met.map((to, at) => {
    const pair = shares[at] ?? [];
    const text = boxText({ sid: fromHex(round.sid), from: place, to: to.place }, pair);
    const box = sealBox(to.boxKey, text, round.random);
    for (const secret of [text, ...pair]) secret.fill(0);
    return { place: to.place, bytes: box };
  });
  state.maskSecret.fill(0);
  const commitment = await seedCommitment(round, { member: identity.id, seed: selfSeed });
  return {
    state: {
      kind: "shared",
      ...{ head, graph, place, selfSeed },
      box: state.box,
      neighbours: new Map(met.map((it) => [it.place, it])),
    },
    message: await signed(round, "share", encodeShares({ commitment, boxes })),
  };
}

/** Checks a neighbour, and agrees with it on what only the two know. */
async function meet(
  round: ClientRound,
  { box, mask }: AdvertisedClient,
  { head, it }: { readonly head: RosterHead; readonly it: RosterNeighbour },
): Promise<Neighbour> {
  const { hash, sid, identity } = round;
  const { place, proof } = it;
  const message = partSigned(it.message);
  const keys = decodeAdvertisement(message.payload);
  const member = await identityId(keys.publicKey);
  const speaker = { ...named(round), phase: "advertise", member } as const;
  await verifyPhase(message, speaker, { publicKey: keys.publicKey, hash });
  const claim = { entry: rosterEntry(member, keys), place, entries: head.clients, proof };
  if (!await isProven(claim, { root: head.root, digest: hash })) {
    refuseRoster(`the keys of ${member} are not at its place ${place}`);
  }
  const secret = await agree(mask, keys.maskKey);
  const pair = await pairSeed(secret, { sid: fromHex(sid), clients: [identity.id, member] });
  secret.fill(0);
  return {
    ...{ place, member, pair },
    publicKey: keys.publicKey,
    boxKey: await boxKey(box, keys.boxKey),
  };
}

/**
 * Takes the boxes of the neighbours that have shared theirs. One that does not open is left aside: its
 * sender's secrets are given back by others, or not at all.
 *
 * @throws {TributaryError} `phase-malformed`, `member-repeated`; `place-unknown` for a box of one that
 * is no neighbour; `survivors-missing` if fewer neighbours than the threshold have shared.
 */
export function takeInbox(
  round: ClientRound,
  { selfSeed, ...seated }: SharedClient,
  bytes: Uint8Array,
): ReadyClient {
  const { graph, neighbours, head, place } = seated;
  const received = new Map<number, SharePair | undefined>();
  for (const box of decodeInbox(bytes, head.clients)) {
    const from = neighbours.get(box.place);
    if (from === undefined) unknown("a box", box.place);
    const binding = { sid: fromHex(round.sid), from: box.place, to: place };
    received.set(box.place, opened(from.boxKey, box.bytes, binding));
  }
  enough(received.size, graph.threshold, "neighbours have shared keys");
  let seeds: readonly SeedKey[] | undefined = [
    { seed: selfSeed, minus: false },
    ...[...received.keys()].flatMap((at) => neighbours.get(at) ?? []).map(({ member, pair }) => ({
      seed: pair,
      minus: !isLower(round.identity.id, member),
    })),
  ];
  return {
    ...seated,
    kind: "ready",
    received,
    takeSeeds() {
      // Two parcels under one key would give away their difference.
      if (seeds === undefined) throw new TypeError("Cannot mask a second parcel of a round");
      const taken = seeds;
      seeds = undefined;
      return taken;
    },
  };
}

function opened(
  key: Uint8Array,
  box: Uint8Array,
  binding: Parameters<typeof readBoxText>[1],
): SharePair | undefined {
  try {
    return readBoxText(openBox(key, box), binding);
  } catch (error) {
    if (error instanceof TributaryError) return undefined;
    throw error;
  }
}

/** After the parcel is masked, by whatever takes the seeds. */
export function afterMasking({ takeSeeds: _, ...ready }: ReadyClient): MaskedClient {
  return { ...ready, kind: "masked" };
}

/**
 * Takes the outcome, and agrees to it. The same one again gets the same answer.
 *
 * @throws {TributaryError} `signature-invalid` if it is not the owner's; `phase-malformed`,
 * `member-repeated`, `place-unknown` for ids that are none, or did not share; `sets-overlap` if one is
 * both; `sender-dropped` if this client is not in the sum; `survivors-missing` if fewer neighbours than
 * the threshold, or clients than the task's least, are; `sid-answered` for another outcome than the one
 * agreed to.
 */
export async function takeOutcome(
  round: ClientRound,
  state: MaskedClient | AgreedClient | DoneClient,
  bytes: Uint8Array,
): Promise<ClientStep<AgreedClient | DoneClient>> {
  const { owner, hash, plan } = round;
  const { head, graph, place, received } = state;
  const { payload, signature } = partSigned(bytes);
  const speaker = { ...named(round), phase: "outcome", member: owner.id } as const;
  await verifyPhase({ payload, signature }, speaker, { publicKey: owner.publicKey, hash });
  if (state.kind !== "masked") {
    if (equalBytes(payload, state.payload)) return { state, message: state.message };
    throw new TributaryError(
      "sid-answered",
      "Cannot agree to an outcome: another one was agreed to in this round",
    );
  }
  const outcome = decodeOutcome(payload, head.clients);
  const survivors = new Set(outcome.survivors);
  const dropped = new Set(outcome.dropped);
  const both = outcome.dropped.find((it) => survivors.has(it));
  if (both !== undefined) {
    throw new TributaryError(
      "sets-overlap",
      `Cannot agree to an outcome: place ${both} is both in the sum and not`,
    );
  }
  if (!survivors.has(place)) {
    throw new TributaryError(
      "sender-dropped",
      `Cannot agree to an outcome: this client, at place ${place}, is not in the sum`,
    );
  }
  for (const neighbour of state.neighbours.keys()) {
    const isThere = survivors.has(neighbour) || dropped.has(neighbour);
    // One that is in neither would be masked for good, one that did not share has no share here.
    if (isThere !== received.has(neighbour)) unknown("an outcome", neighbour);
  }
  const alive = [...received.keys()].filter((it) => survivors.has(it)).length;
  enough(alive, graph.threshold, "neighbours are in the sum");
  enough(survivors.size, plan.min, "clients are in the sum");
  const digest = await outcomeDigest(round, { root: head.root, payload });
  const message = await signed(round, "consistency", encodeConsistency(digest));
  return { state: { ...state, kind: "agreed", payload, outcome, message }, message };
}

/**
 * Takes its neighbours' signatures, and gives for each neighbour exactly one share: of its self seed if
 * it is in the sum, of its mask key if it is not. Asked again, it gives the same.
 *
 * @throws {TributaryError} `phase-malformed`, `member-repeated`; `place-unknown` for a signature of one
 * that is no neighbour in the sum; `signature-invalid` if one is not over the outcome that this client has agreed
 * to; `consistency-missing` for fewer than the threshold.
 */
export async function takeSignatures(
  round: ClientRound,
  state: AgreedClient | DoneClient,
  bytes: Uint8Array,
): Promise<ClientStep<DoneClient>> {
  const { hash, random } = round;
  const { head, graph, outcome, neighbours, received } = state;
  const survivors = new Set(outcome.survivors);
  const payload = partSigned(state.message).payload;
  const signatures = decodeSignatures(bytes, head.clients);
  for (const { place, bytes: signature } of signatures) {
    const from = neighbours.get(place);
    if (from === undefined || !survivors.has(place)) unknown("a signature", place);
    const { member, publicKey } = from;
    const speaker = { ...named(round), phase: "consistency", member } as const;
    await verifyPhase({ payload, signature }, speaker, { publicKey, hash });
  }
  if (signatures.length < graph.threshold) {
    throw new TributaryError(
      "consistency-missing",
      `Cannot give shares: ${signatures.length} neighbours agree to the outcome, expected at least ${graph.threshold}`,
    );
  }
  if (state.kind === "done") return { state, message: state.shares };
  const shares = [...received].sort(([a], [b]) => a - b).flatMap(([place, pair]) =>
    pair === undefined
      ? []
      : [{ place, bytes: survivors.has(place) ? pair.selfSeed : pair.maskKey }]
  );
  const text = encodeSecretShares(shares);
  const key = await boxKey(state.box, head.boxKey);
  const sealed = encodeUnmask(sealBox(key, text, random));
  for (const pair of received.values()) {
    pair?.selfSeed.fill(0);
    pair?.maskKey.fill(0);
  }
  text.fill(0);
  const message = await signed(round, "unmask", sealed);
  return { state: { ...state, kind: "done", shares: message }, message };
}

/** The part of a round that signatures name. */
function named({ task, round, sid }: SecaggRound) {
  return { task, round, sid };
}

async function signed(
  round: ClientRound,
  phase: UpPhase,
  payload: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { identity, hash } = round;
  return await signPhase(payload, { ...named(round), phase, identity, hash });
}

function enough(found: number, least: number, what: string): void {
  if (found >= least) return;
  throw new TributaryError(
    "survivors-missing",
    `Cannot go on: ${found} ${what}, expected at least ${least}`,
  );
}

function unknown(what: string, place: number): never {
  throw new TributaryError(
    "place-unknown",
    `Cannot take ${what}: place ${place} in it is no neighbour that it may speak of`,
  );
}

function refuseRoster(found: string): never {
  throw new TributaryError("roster-refused", `Cannot use a roster: ${found}`);
}

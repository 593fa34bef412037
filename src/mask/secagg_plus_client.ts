/**
 * A client of `secagg_plus` until its parcel is masked: from one state and a message of the root to the
 * next state and message.
 *
 * Nothing here reads a clock or a network. What a function refuses leaves the state as it was, and a
 * client that refuses is one that has dropped out.
 *
 * @module
 */
import { fromHex } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { identityId } from "../core/identity.ts";
import { SEED_BYTES, type SeedKey } from "../wasm/kahe.ts";
import { isProven } from "../wire/merkle_proof.ts";
import { partSigned, verifyPhase } from "../wire/phase.ts";
import {
  decodeInbox,
  decodeRoster,
  type RosterHead,
  type RosterNeighbour,
} from "../wire/phase_down.ts";
import { decodeAdvertisement, encodeAdvertisement, encodeShares } from "../wire/phase_up.ts";
import { agree, agreementKey, isLower, pairSeed } from "./agreement.ts";
import { boxKey, openBox, sealBox } from "./neighbour_box.ts";
import { enough, unknownPlace } from "./secagg_plus_refusals.ts";
import { named, rosterEntry, roundGraph, seedCommitment } from "./secagg_plus_round.ts";
import {
  type AdvertisedClient,
  type ClientRound,
  type ClientStep,
  type MaskedClient,
  type Neighbour,
  type ReadyClient,
  saidBy,
  type SharedClient,
} from "./secagg_plus_states.ts";
import { splitSecrets } from "./secret_shares.ts";
import { boxText, readBoxText, type SharePair } from "./share_box.ts";

/** Draws the keys of a round. */
export async function advertise(round: ClientRound): Promise<ClientStep<AdvertisedClient>> {
  const [boxSecret, maskSecret] = [round.random(SEED_BYTES), round.random(SEED_BYTES)];
  const [box, mask] = [await agreementKey(boxSecret), await agreementKey(maskSecret)];
  boxSecret.fill(0);
  const { publicKey } = round.identity;
  const keys = { publicKey, boxKey: box.publicKey, maskKey: mask.publicKey };
  return {
    state: { kind: "advertised", box, mask, maskSecret },
    message: await saidBy(round, "advertise", encodeAdvertisement(keys)),
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
    message: await saidBy(round, "share", encodeShares({ commitment, boxes })),
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
    if (from === undefined) unknownPlace("a box", box.place);
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

function refuseRoster(found: string): never {
  throw new TributaryError("roster-refused", `Cannot use a roster: ${found}`);
}

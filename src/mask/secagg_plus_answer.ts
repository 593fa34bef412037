/**
 * What a client of `secagg_plus` answers once its parcel is masked: it agrees to one outcome, and gives
 * one share of each neighbour, if enough of them agree to the same.
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { partSigned, verifyPhase } from "../wire/phase.ts";
import { decodeOutcome, decodeSignatures } from "../wire/phase_down.ts";
import { encodeConsistency, encodeSecretShares, encodeUnmask } from "../wire/phase_up.ts";
import { boxKey, sealBox } from "./neighbour_box.ts";
import { enough, unknownPlace } from "./secagg_plus_refusals.ts";
import { named, outcomeDigest } from "./secagg_plus_round.ts";
import {
  type AgreedClient,
  type ClientRound,
  type ClientStep,
  type DoneClient,
  type MaskedClient,
  saidBy,
} from "./secagg_plus_states.ts";

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
    if (isThere !== received.has(neighbour)) unknownPlace("an outcome", neighbour);
  }
  const alive = [...received.keys()].filter((it) => survivors.has(it)).length;
  enough(alive, graph.threshold, "neighbours are in the sum");
  enough(survivors.size, plan.min, "clients are in the sum");
  const digest = await outcomeDigest(round, { root: head.root, payload });
  const message = await saidBy(round, "consistency", encodeConsistency(digest));
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
    if (from === undefined || !survivors.has(place)) unknownPlace("a signature", place);
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
  const message = await saidBy(round, "unmask", sealed);
  return { state: { ...state, kind: "done", shares: message }, message };
}

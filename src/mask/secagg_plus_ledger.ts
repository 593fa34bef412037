/**
 * What the root of a round of `secagg_plus` knows, and how it checks what clients tell it.
 *
 * @module
 */
import { equalBytes } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { type Identity, identityId } from "../core/identity.ts";
import type { ProvenList } from "../wire/merkle_proof.ts";
import { partSigned, type UpPhase, verifyPhase } from "../wire/phase.ts";
import { MOST_ROSTER, type Outcome } from "../wire/phase_down.ts";
import {
  type Advertisement,
  decodeAdvertisement,
  decodeConsistency,
  decodeSecretShares,
  decodeShares,
  decodeUnmask,
  type Placed,
  type SharesMessage,
} from "../wire/phase_up.ts";
import type { AgreementKey } from "./agreement.ts";
import { boxKey, openBox } from "./neighbour_box.ts";
import { unknownPlace } from "./secagg_plus_refusals.ts";
import { named, type RoundGraph, type SecaggRound } from "./secagg_plus_round.ts";
import { checkShare } from "./secret_shares.ts";

/** A round as its root runs it. */
export interface ServerRound extends SecaggRound {
  /** The task's owner. */
  readonly identity: Identity;
  /** 32 bytes that the key is made of which clients seal their last word to; the same after a restart. */
  readonly secret: Uint8Array;
}

/** Who is in a round. */
export interface Roster {
  /** Ids by place. */
  readonly members: readonly string[];
  /** Places by id. */
  readonly places: ReadonlyMap<string, number>;
  /** What proves each place. */
  readonly list: ProvenList;
  /** Who is whose neighbour. */
  readonly graph: RoundGraph;
  /** Head, signed. */
  readonly head: Uint8Array<ArrayBuffer>;
}

/** An outcome that clients are told. */
export interface SealedOutcome extends Outcome {
  /** Without signature. */
  readonly payload: Uint8Array;
  /** With it. */
  readonly message: Uint8Array<ArrayBuffer>;
  /** What clients sign of it. */
  readonly digest: Uint8Array;
}

/** All that a root knows of a round. */
export interface Ledger {
  /** Its own key. */
  readonly ownKey: AgreementKey;
  /** Messages as they came, by phase and client. */
  readonly raw: Readonly<Record<UpPhase, Map<string, Uint8Array>>>;
  /** Keys of clients. */
  readonly keys: Map<string, Advertisement>;
  /** Boxes, by their senders' places. */
  readonly shared: Map<number, SharesMessage>;
  /** Shares that came back, by the place of who gave them and of whose secret they are. */
  readonly given: Map<number, ReadonlyMap<number, Uint8Array>>;
  /** How many came back of each client's secret. */
  readonly returned: Map<number, number>;
  /** Who is in the round, once that is closed. */
  roster: Roster | undefined;
  /** Who is in the sum, once that is sealed. */
  outcome: SealedOutcome | undefined;
}

/** A ledger of a round that nobody has spoken in. */
export function emptyLedger(ownKey: AgreementKey): Ledger {
  return {
    ownKey,
    raw: { advertise: new Map(), share: new Map(), consistency: new Map(), unmask: new Map() },
    ...{ keys: new Map(), shared: new Map(), given: new Map(), returned: new Map() },
    ...{ roster: undefined, outcome: undefined },
  };
}

/**
 * Where a client is in the roster.
 *
 * @throws {TributaryError} `not-asked` if it is not.
 */
export function seatOf(
  { roster }: Ledger,
  member: string,
): { readonly roster: Roster; readonly place: number } {
  const place = roster?.places.get(member);
  if (roster === undefined || place === undefined) {
    throw new TributaryError("not-asked", `Cannot go on with ${member}: it is not in the roster`);
  }
  return { roster, place };
}

/**
 * The keys of a client.
 *
 * @throws {TributaryError} `not-asked` if it sent none.
 */
export function keysOf({ keys }: Ledger, member: string): Advertisement {
  const known = keys.get(member);
  if (known !== undefined) return known;
  throw new TributaryError("not-asked", `Cannot go on with ${member}: it sent no keys`);
}

/** A message and its sender. */
export interface Spoken {
  /** Which message. */
  readonly phase: UpPhase;
  /** Id of the client. */
  readonly member: string;
  /** The bytes. */
  readonly message: Uint8Array;
}

/**
 * Checks a message's form, signature and content.
 *
 * @returns What takes it into the ledger.
 * @throws {TributaryError} As `SecaggServer.check` says.
 */
export async function checkSpoken(
  round: ServerRound,
  ledger: Ledger,
  spoken: Spoken,
): Promise<() => void> {
  const { phase, member, message } = spoken;
  const { payload, signature } = partSigned(message);
  if (phase === "advertise") return await checkKeys(round, ledger, spoken);
  const { publicKey, boxKey: senderKey } = keysOf(ledger, member);
  const { roster: { graph }, place } = seatOf(ledger, member);
  const speaker = { ...named(round), phase, member };
  await verifyPhase({ payload, signature }, speaker, { publicKey, hash: round.hash });
  switch (phase) {
    case "share": {
      const said = decodeShares(payload, graph.clients);
      checkPlaces(said.boxes, graph.neighbours(place));
      return () => void ledger.shared.set(place, said);
    }
    case "consistency": {
      const digest = decodeConsistency(payload);
      if (ledger.outcome === undefined || !equalBytes(digest, ledger.outcome.digest)) {
        throw new TributaryError(
          "digest-mismatch",
          `Cannot take the word of ${member}: it is on another outcome`,
        );
      }
      return () => {};
    }
    case "unmask": {
      const box = decodeUnmask(payload, graph.degree);
      const text = openBox(await boxKey(ledger.ownKey, senderKey), box);
      const shares = decodeSecretShares(text, graph.clients);
      const beside = new Set(graph.neighbours(place));
      for (const { place: of, bytes } of shares) {
        if (!beside.has(of) || !ledger.shared.has(of)) unknownPlace(`shares of ${member}`, of);
        checkShare(bytes);
      }
      return () => {
        ledger.given.set(place, new Map(shares.map((it) => [it.place, it.bytes])));
        const { returned } = ledger;
        for (const { place: of } of shares) returned.set(of, (returned.get(of) ?? 0) + 1);
      };
    }
    default:
      throw phase satisfies never;
  }
}

async function checkKeys(
  round: ServerRound,
  { keys, ownKey }: Ledger,
  { member, message }: Spoken,
): Promise<() => void> {
  const { payload, signature } = partSigned(message);
  const said = decodeAdvertisement(payload);
  const { publicKey } = said;
  if (await identityId(publicKey) !== member) {
    throw new TributaryError(
      "key-malformed",
      `Cannot take the keys of ${member}: the identity's key is another's`,
    );
  }
  const speaker = { ...named(round), phase: "advertise", member } as const;
  await verifyPhase({ payload, signature }, speaker, { publicKey, hash: round.hash });
  // Keys that nothing can be agreed on with would stop all their neighbours.
  await Promise.all([said.boxKey, said.maskKey].map((key) => boxKey(ownKey, key)));
  if (keys.size >= MOST_ROSTER) {
    throw new TributaryError("round-full", `Cannot take more than ${MOST_ROSTER} clients`);
  }
  return () => void keys.set(member, said);
}

function checkPlaces(boxes: readonly Placed[], neighbours: readonly number[]): void {
  const other = boxes.find(({ place }) => !neighbours.includes(place));
  if (other === undefined && boxes.length === neighbours.length) return;
  throw new TributaryError(
    "place-unknown",
    `Cannot take ${boxes.length} boxes: expected one for each of ${neighbours.length} neighbours`,
  );
}

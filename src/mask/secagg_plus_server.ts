/**
 * The root of a round of `secagg_plus`: takes clients' messages, closes phases, answers, and opens the
 * sum. It keeps all of a round in memory and decides nothing about time or storage: whoever runs it says when a phase
 * is over, and writes each message down before it counts.
 *
 *     advertise ─ closeAdvertise ─→ share ─ closeShare ─→ input ─ seal ─→ consistency
 *               ─ closeConsistency ─→ unmask ─ open
 *
 * @module
 */
import { equalBytes, fromHex } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";
import { type Identity, identityId } from "../core/identity.ts";
import { proveList, type ProvenList } from "../wire/merkle_proof.ts";
import { type DownPhase, partSigned, signPhase, type UpPhase, verifyPhase } from "../wire/phase.ts";
import {
  encodeHead,
  encodeInbox,
  encodeOutcome,
  encodeRoster,
  encodeSignatures,
  MOST_ROSTER,
  type Outcome,
} from "../wire/phase_down.ts";
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
import { type AgreementKey, agreementKey } from "./agreement.ts";
import { boxKey, openBox } from "./neighbour_box.ts";
import { joinSums, type Survivor } from "./seed_sum.ts";
import type { SeedKey } from "../wasm/kahe.ts";
import {
  outcomeDigest,
  rosterEntry,
  type RoundGraph,
  roundGraph,
  type SecaggRound,
} from "./secagg_plus_round.ts";
import { checkShare } from "./secret_shares.ts";

/** A round as its root runs it. */
export interface ServerRound extends SecaggRound {
  /** The task's owner. */
  readonly identity: Identity;
  /** 32 bytes that the key is made of which clients seal their last word to; the same after a restart. */
  readonly secret: Uint8Array;
}

/** Where a round stands. */
export type ServerPhase = "advertise" | "share" | "input" | "consistency" | "unmask";

/** A message that was checked. */
export interface CheckedMessage {
  /** Whether it was taken before: then there is nothing to write down. */
  readonly isKnown: boolean;
  /** Takes it, once it is written down. */
  take(): void;
}

/** The root's side of one round. */
export interface SecaggServer {
  /** Where it stands. */
  readonly phase: ServerPhase;
  /** Ids of those whose message of a phase was taken. */
  senders(phase: UpPhase): readonly string[];
  /** How many could still send one of the phase that is open; undefined where nobody can know. */
  readonly missing: number | undefined;
  /**
   * Checks a message. The first one of a client in a phase counts.
   *
   * @throws {TributaryError} `phase-closed` if the phase is over or did not begin; `phase-conflict` if
   * another one was taken; `not-asked` from one who is not in the round; `phase-malformed`,
   * `signature-invalid`, `key-malformed`, `box-refused`, `share-malformed`, `place-unknown`,
   * `member-repeated`, `digest-mismatch` for what is wrong with it.
   */
  check(phase: UpPhase, member: string, message: Uint8Array): Promise<CheckedMessage>;
  /**
   * Nobody else is in the round; says who is.
   *
   * @throws {TributaryError} `survivors-missing` if they are too few.
   */
  closeAdvertise(): Promise<void>;
  /**
   * Nobody else's parcel may come.
   *
   * @throws {TributaryError} `survivors-missing` if fewer than the task's least have shared.
   */
  closeShare(): void;
  /** Whether a client shared its keys, so that its parcel may come; undefined until that is closed. */
  mayMask(member: string): boolean | undefined;
  /**
   * The sum is sealed, with the parcels of these clients.
   *
   * @throws {TributaryError} `not-asked` for one that has not shared, `survivors-missing` for too few.
   */
  seal(members: readonly string[]): Promise<void>;
  /** Nobody else's word on the outcome is waited for. */
  closeConsistency(): void;
  /**
   * What a client is told; undefined before it can be told.
   *
   * @throws {TributaryError} `not-asked` for one who is not in the round.
   */
  answer(phase: DownPhase, member: string): Uint8Array<ArrayBuffer> | undefined;
  /** Whether there are shares enough to open the sum. */
  readonly canOpen: boolean;
  /**
   * The seeds whose masks are all that is left in the sum.
   *
   * @throws {TributaryError} `shares-missing` if shares are too few, `shares-inconsistent` if they give
   * no secret that the client was known by.
   */
  seeds(): Promise<readonly SeedKey[]>;
}

/** Who is in a round. */
interface Roster {
  readonly members: readonly string[];
  readonly places: ReadonlyMap<string, number>;
  readonly list: ProvenList;
  readonly graph: RoundGraph;
  /** Head, signed. */
  readonly head: Uint8Array<ArrayBuffer>;
}

interface Sealed extends Outcome {
  /** Without signature. */
  readonly payload: Uint8Array;
  /** With it. */
  readonly message: Uint8Array<ArrayBuffer>;
  readonly digest: Uint8Array;
}

/** A round that nobody has spoken in. */
export async function createSecaggServer(round: ServerRound): Promise<SecaggServer> {
  const { hash, plan, identity } = round;
  const named = { task: round.task, round: round.round, sid: round.sid };
  const ownKey: AgreementKey = await agreementKey(round.secret);
  const raw = new Map<UpPhase, Map<string, Uint8Array>>();
  const keys = new Map<string, Advertisement>();
  const shared = new Map<number, SharesMessage>();
  const given = new Map<number, ReadonlyMap<number, Uint8Array>>();
  /** Shares that came back, by whose secret they are of. */
  const returned = new Map<number, number>();
  let phase: ServerPhase = "advertise";
  let roster: Roster | undefined;
  let outcome: Sealed | undefined;

  function rawOf(of: UpPhase): Map<string, Uint8Array> {
    const known = raw.get(of) ?? new Map<string, Uint8Array>();
    raw.set(of, known);
    return known;
  }

  function seatOf(member: string): { readonly roster: Roster; readonly place: number } {
    const place = roster?.places.get(member);
    if (roster === undefined || place === undefined) {
      throw new TributaryError("not-asked", `Cannot go on with ${member}: it is not in the roster`);
    }
    return { roster, place };
  }

  /** The key that a member has signed with since its advertisement. */
  function keyOf(member: string): Advertisement {
    const known = keys.get(member);
    if (known !== undefined) return known;
    throw new TributaryError("not-asked", `Cannot go on with ${member}: it sent no keys`);
  }

  async function checked(of: UpPhase, member: string, message: Uint8Array): Promise<() => void> {
    const { payload, signature } = partSigned(message);
    const speaker = { ...named, phase: of, member };
    if (of === "advertise") {
      const said = decodeAdvertisement(payload);
      if (await identityId(said.publicKey) !== member) {
        throw new TributaryError(
          "key-malformed",
          `Cannot take the keys of ${member}: the identity's key is another's`,
        );
      }
      await verifyPhase({ payload, signature }, speaker, { publicKey: said.publicKey, hash });
      // Keys that nothing can be agreed on with would stop all their neighbours.
      await Promise.all([said.boxKey, said.maskKey].map((key) => boxKey(ownKey, key)));
      if (keys.size >= MOST_ROSTER) {
        throw new TributaryError("round-full", `Cannot take more than ${MOST_ROSTER} clients`);
      }
      return () => void keys.set(member, said);
    }
    const { publicKey, boxKey: senderKey } = keyOf(member);
    const seat = seatOf(member);
    const { place } = seat;
    const { clients, neighbours } = seat.roster.graph;
    await verifyPhase({ payload, signature }, speaker, { publicKey, hash });
    switch (of) {
      case "share": {
        const said = decodeShares(payload, clients);
        samePlaces(said.boxes, neighbours(place));
        return () => void shared.set(place, said);
      }
      case "consistency": {
        const digest = decodeConsistency(payload);
        if (outcome === undefined || !equalBytes(digest, outcome.digest)) {
          throw new TributaryError(
            "digest-mismatch",
            `Cannot take the word of ${member}: it is on another outcome`,
          );
        }
        return () => {};
      }
      case "unmask": {
        const box = decodeUnmask(payload, seat.roster.graph.degree);
        const text = openBox(await boxKey(ownKey, senderKey), box);
        const shares = decodeSecretShares(text, clients);
        const beside = new Set(neighbours(place));
        for (const { place: of, bytes } of shares) {
          if (!beside.has(of) || !shared.has(of)) unknown(member, of);
          checkShare(bytes);
        }
        return () => {
          given.set(place, new Map(shares.map((it) => [it.place, it.bytes])));
          for (const { place: of } of shares) returned.set(of, (returned.get(of) ?? 0) + 1);
        };
      }
      default:
        throw of satisfies never;
    }
  }

  /** The places whose word, or shares, are still to come. */
  function expected(): number | undefined {
    switch (phase) {
      case "advertise":
        return undefined;
      case "share":
        return roster?.members.length;
      case "input":
        return 0;
      case "consistency":
        return outcome?.survivors.length;
      case "unmask":
        return rawOf("consistency").size;
      default:
        throw phase satisfies never;
    }
  }

  function survivorsOf(sealed: Sealed, { members, graph }: Roster): Survivor[] {
    const inSum = new Set(sealed.survivors);
    return [...sealed.survivors, ...sealed.dropped].map((place) => {
      const beside = graph.neighbours(place);
      const shares = beside.flatMap((from, at) => {
        const share = given.get(from)?.get(place);
        return share === undefined ? [] : [{ party: at + 1, share }];
      });
      const member = members[place] ?? "";
      return {
        ...{ place, member, shares },
        isDropped: !inSum.has(place),
        keys: keyOf(member),
        commitment: shared.get(place)?.commitment ?? new Uint8Array(),
        neighbours: beside,
      };
    });
  }

  return {
    get phase() {
      return phase;
    },
    senders: (of) => [...rawOf(of).keys()],
    get missing() {
      const all = expected();
      return all === undefined || phase === "input" ? all : all - rawOf(phase).size;
    },

    async check(of, member, message) {
      const known = rawOf(of).get(member);
      if (known !== undefined) {
        if (equalBytes(known, message)) return { isKnown: true, take: () => {} };
        throw new TributaryError(
          "phase-conflict",
          `Cannot take a second ${of} message of ${member}: another one was taken before`,
        );
      }
      refuseUnless(of, phase);
      if (of === "unmask" && !rawOf("consistency").has(member)) {
        throw new TributaryError(
          "phase-closed",
          `Cannot take shares of ${member}: it has not agreed to the outcome`,
        );
      }
      const take = await checked(of, member, message);
      const copy = message.slice();
      return {
        isKnown: false,
        take() {
          rawOf(of).set(member, copy);
          take();
        },
      };
    },

    async closeAdvertise() {
      if (phase !== "advertise") return;
      const members = [...keys.keys()].sort(byCodeUnits);
      enough(members.length, Math.max(2, plan.min), "sent keys");
      const entries = members.map((member) => rosterEntry(member, keyOf(member)));
      const list = await proveList(entries, hash);
      const clients = members.length;
      const head = encodeHead({ clients, root: list.root, boxKey: ownKey.publicKey });
      const graph = await roundGraph(round, { clients, root: list.root });
      const signed = await signPhase(head, { ...named, phase: "roster", identity, hash });
      const places = new Map(members.map((member, place) => [member, place]));
      roster = { members, places, list, graph, head: signed };
      phase = "share";
    },

    closeShare() {
      if (phase !== "share") return;
      enough(shared.size, Math.max(2, plan.min), "shared their keys");
      phase = "input";
    },

    mayMask(member) {
      if (phase === "advertise" || phase === "share") return undefined;
      const place = roster?.places.get(member);
      return place !== undefined && shared.has(place);
    },

    async seal(members) {
      if (phase !== "input" || roster === undefined) return;
      const places = members.map((member) => {
        const place = seatOf(member).place;
        if (!shared.has(place)) {
          throw new TributaryError(
            "not-asked",
            `Cannot open a sum with the parcel of ${member}: it has not shared its keys`,
          );
        }
        return place;
      });
      const survivors = [...new Set(places)].sort((a, b) => a - b);
      enough(survivors.length, plan.min, "are in the sum");
      const inSum = new Set(survivors);
      const dropped = [...shared.keys()].filter((place) => !inSum.has(place))
        .sort((a, b) => a - b);
      const payload = encodeOutcome({ survivors, dropped });
      const { root } = roster.list;
      outcome = {
        ...{ survivors, dropped, payload },
        message: await signPhase(payload, { ...named, phase: "outcome", identity, hash }),
        digest: await outcomeDigest(round, { root, payload }),
      };
      phase = "consistency";
    },

    closeConsistency() {
      if (phase === "consistency") phase = "unmask";
    },

    answer(what, member) {
      if (roster === undefined) return undefined;
      const { place } = seatOf(member);
      const { members, graph, list, head } = roster;
      const beside = graph.neighbours(place);
      switch (what) {
        case "roster":
          return encodeRoster(head, {
            place,
            proof: list.proof(place),
            neighbours: beside.map((at) => ({
              place: at,
              message: rawOf("advertise").get(members[at] ?? "") ?? new Uint8Array(),
              proof: list.proof(at),
            })),
          });
        case "inbox": {
          if (phase === "share") return undefined;
          if (!shared.has(place)) {
            throw new TributaryError(
              "not-asked",
              `Cannot go on with ${member}: it has not shared its keys in time`,
            );
          }
          return encodeInbox(beside.flatMap((from): Placed[] => {
            const box = shared.get(from)?.boxes.find((it) => it.place === place);
            return box === undefined ? [] : [{ place: from, bytes: box.bytes }];
          }));
        }
        case "outcome":
          return outcome?.message;
        case "signatures":
          if (phase !== "unmask") return undefined;
          return encodeSignatures(beside.flatMap((from): Placed[] => {
            const said = rawOf("consistency").get(members[from] ?? "");
            return said === undefined ? [] : [{ place: from, bytes: partSigned(said).signature }];
          }));
        default:
          throw what satisfies never;
      }
    },

    get canOpen() {
      if (phase !== "unmask" || outcome === undefined || roster === undefined) return false;
      const { threshold } = roster.graph;
      const isBack = (place: number) => (returned.get(place) ?? 0) >= threshold;
      return outcome.survivors.every(isBack) && outcome.dropped.every(isBack);
    },

    async seeds() {
      if (outcome === undefined || roster === undefined) {
        throw new TypeError("Cannot open a sum before it is sealed");
      }
      const { threshold } = roster.graph;
      const all = survivorsOf(outcome, roster);
      return await joinSums({ ...round, sidBytes: fromHex(round.sid) }, { threshold, all });
    },
  };
}

const ORDER: readonly ServerPhase[] = ["advertise", "share", "input", "consistency", "unmask"];

function refuseUnless(of: UpPhase, phase: ServerPhase): void {
  if (of === phase) return;
  const found = ORDER.indexOf(of) < ORDER.indexOf(phase) ? "it is over" : "it has not begun";
  throw new TributaryError(
    "phase-closed",
    `Cannot take a message of phase ${of}: ${found}, expected one of phase ${phase}`,
  );
}

function samePlaces(boxes: readonly Placed[], neighbours: readonly number[]): void {
  const found = boxes.map(({ place }) => place);
  const other = found.find((place) => !neighbours.includes(place));
  if (other !== undefined || found.length !== neighbours.length) {
    throw new TributaryError(
      "place-unknown",
      `Cannot take ${found.length} boxes: expected one for each of ${neighbours.length} neighbours`,
    );
  }
}

function enough(found: number, least: number, what: string): void {
  if (found >= least) return;
  throw new TributaryError(
    "survivors-missing",
    `Cannot go on: ${found} clients ${what}, expected at least ${least}`,
  );
}

function unknown(member: string, place: number): never {
  throw new TributaryError(
    "place-unknown",
    `Cannot take shares of ${member}: place ${place} is no neighbour that has shared with it`,
  );
}

/** As everywhere: `localeCompare` differs between runtimes. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

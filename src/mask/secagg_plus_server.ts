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
import type { SeedKey } from "../wasm/kahe.ts";
import { proveList } from "../wire/merkle_proof.ts";
import { type DownPhase, partSigned, signPhase, type UpPhase } from "../wire/phase.ts";
import {
  encodeHead,
  encodeInbox,
  encodeOutcome,
  encodeRoster,
  encodeSignatures,
} from "../wire/phase_down.ts";
import type { Placed } from "../wire/phase_up.ts";
import { agreementKey } from "./agreement.ts";
import {
  checkSpoken,
  emptyLedger,
  keysOf,
  type Roster,
  type SealedOutcome,
  seatOf,
  type ServerRound,
} from "./secagg_plus_ledger.ts";
import { enough } from "./secagg_plus_refusals.ts";
import { named, outcomeDigest, rosterEntry, roundGraph } from "./secagg_plus_round.ts";
import { joinSums, type Survivor } from "./seed_sum.ts";

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

/** A round that nobody has spoken in. */
export async function createSecaggServer(round: ServerRound): Promise<SecaggServer> {
  const { hash, plan, identity } = round;
  const ledger = emptyLedger(await agreementKey(round.secret));
  const { raw, shared } = ledger;
  let phase: ServerPhase = "advertise";

  /** The places whose word, or shares, are still to come. */
  function expected(): number | undefined {
    switch (phase) {
      case "advertise":
        return undefined;
      case "share":
        return ledger.roster?.members.length;
      case "input":
        return 0;
      case "consistency":
        return ledger.outcome?.survivors.length;
      case "unmask":
        return raw.consistency.size;
      default:
        throw phase satisfies never;
    }
  }

  function survivorsOf(sealed: SealedOutcome, { members, graph }: Roster): Survivor[] {
    const inSum = new Set(sealed.survivors);
    return [...sealed.survivors, ...sealed.dropped].map((place) => {
      const beside = graph.neighbours(place);
      const shares = beside.flatMap((from, at) => {
        const share = ledger.given.get(from)?.get(place);
        return share === undefined ? [] : [{ party: at + 1, share }];
      });
      const member = members[place] ?? "";
      return {
        ...{ place, member, shares },
        isDropped: !inSum.has(place),
        keys: keysOf(ledger, member),
        commitment: shared.get(place)?.commitment ?? new Uint8Array(),
        neighbours: beside,
      };
    });
  }

  return {
    get phase() {
      return phase;
    },
    senders: (of) => [...raw[of].keys()],
    get missing() {
      const all = expected();
      return all === undefined || phase === "input" ? all : all - raw[phase].size;
    },

    async check(of, member, message) {
      const known = raw[of].get(member);
      if (known !== undefined) {
        if (equalBytes(known, message)) return { isKnown: true, take: () => {} };
        throw new TributaryError(
          "phase-conflict",
          `Cannot take a second ${of} message of ${member}: another one was taken before`,
        );
      }
      refuseUnless(of, phase);
      if (of === "unmask" && !raw.consistency.has(member)) {
        throw new TributaryError(
          "phase-closed",
          `Cannot take shares of ${member}: it has not agreed to the outcome`,
        );
      }
      const take = await checkSpoken(round, ledger, { phase: of, member, message });
      const copy = message.slice();
      return {
        isKnown: false,
        take() {
          raw[of].set(member, copy);
          take();
        },
      };
    },

    async closeAdvertise() {
      if (phase !== "advertise") return;
      const members = [...ledger.keys.keys()].sort(byCodeUnits);
      enough(members.length, Math.max(2, plan.min), "clients sent keys");
      const entries = members.map((member) => rosterEntry(member, keysOf(ledger, member)));
      const list = await proveList(entries, hash);
      const clients = members.length;
      const head = encodeHead({ clients, root: list.root, boxKey: ledger.ownKey.publicKey });
      const graph = await roundGraph(round, { clients, root: list.root });
      const signed = await signPhase(head, { ...named(round), phase: "roster", identity, hash });
      const places = new Map(members.map((member, place) => [member, place]));
      ledger.roster = { members, places, list, graph, head: signed };
      phase = "share";
    },

    closeShare() {
      if (phase !== "share") return;
      enough(shared.size, Math.max(2, plan.min), "clients shared their keys");
      phase = "input";
    },

    mayMask(member) {
      if (phase === "advertise" || phase === "share") return undefined;
      const place = ledger.roster?.places.get(member);
      return place !== undefined && shared.has(place);
    },

    async seal(members) {
      const { roster } = ledger;
      if (phase !== "input" || roster === undefined) return;
      const places = members.map((member) => {
        const { place } = seatOf(ledger, member);
        if (!shared.has(place)) {
          throw new TributaryError(
            "not-asked",
            `Cannot open a sum with the parcel of ${member}: it has not shared its keys`,
          );
        }
        return place;
      });
      const survivors = [...new Set(places)].sort((a, b) => a - b);
      enough(survivors.length, plan.min, "clients are in the sum");
      const inSum = new Set(survivors);
      const dropped = [...shared.keys()].filter((place) => !inSum.has(place))
        .sort((a, b) => a - b);
      const payload = encodeOutcome({ survivors, dropped });
      const { root } = roster.list;
      ledger.outcome = {
        ...{ survivors, dropped, payload },
        message: await signPhase(payload, { ...named(round), phase: "outcome", identity, hash }),
        digest: await outcomeDigest(round, { root, payload }),
      };
      phase = "consistency";
    },

    closeConsistency() {
      if (phase === "consistency") phase = "unmask";
    },

    answer(what, member) {
      if (ledger.roster === undefined) return undefined;
      const { place, roster } = seatOf(ledger, member);
      const { members, graph, list, head } = roster;
      const beside = graph.neighbours(place);
      switch (what) {
        case "roster":
          return encodeRoster(head, {
            place,
            proof: list.proof(place),
            neighbours: beside.map((at) => ({
              place: at,
              message: raw.advertise.get(members[at] ?? "") ?? new Uint8Array(),
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
          return ledger.outcome?.message;
        case "signatures":
          if (phase !== "unmask") return undefined;
          return encodeSignatures(beside.flatMap((from): Placed[] => {
            const said = raw.consistency.get(members[from] ?? "");
            return said === undefined ? [] : [{ place: from, bytes: partSigned(said).signature }];
          }));
        default:
          throw what satisfies never;
      }
    },

    get canOpen() {
      const { outcome, roster, returned } = ledger;
      if (phase !== "unmask" || outcome === undefined || roster === undefined) return false;
      const { threshold } = roster.graph;
      const isBack = (place: number) => (returned.get(place) ?? 0) >= threshold;
      return outcome.survivors.every(isBack) && outcome.dropped.every(isBack);
    },

    async seeds() {
      const { outcome, roster } = ledger;
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

/** As everywhere: `localeCompare` differs between runtimes. */
function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

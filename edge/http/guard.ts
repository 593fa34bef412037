/**
 * Who sent a request: the signature check of every route that changes something.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { CheckOf } from "../../src/core/identity.ts";
import type { NonceLog } from "../../src/wire/nonce_log.ts";
import { createNonces } from "../../src/wire/nonces.ts";
import {
  type CheckedSignature,
  type SignedKind,
  verifyRequest,
} from "../../src/wire/verify_request.ts";
import { createKeyChecks } from "./key_checks.ts";
import { createRateLimit, type Rate } from "./rate_limit.ts";
import type { SharedStore } from "../shared_store.ts";

/** How long signatures are good for. */
export interface GuardOptions {
  /** Id of this aggregator. */
  readonly region: string;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest age of a signature in seconds. */
  readonly maxAgeS: number;
  /** How far a sender's clock may be off, in seconds. */
  readonly skewS: number;
  /** Most requests remembered against replay; of one member a 64th of them. */
  readonly nonces: number;
  /** How signatures are checked. */
  readonly checkOf: CheckOf;
  /** Requests of one sender; {@link DEFAULT_LIMITS} has one. */
  readonly memberRate: Rate;
  /** What was seen before; nothing is kept by default, see `forgetfulLog` of src/wire. */
  readonly nonceLog?: NonceLog | undefined;
  /**
   * Remembers requests with other instances of this aggregator, each of which has nonces of its own: true
   * for the first one that claims a key. Nobody else has seen any by default.
   */
  readonly claim?: SharedStore["claim"] | undefined;
}

/** What must have been signed, and by whom. */
export interface Claim {
  /** What the signature must cover. */
  readonly kind: SignedKind;
  /** Id in the path. */
  readonly member: string;
  /** Whether it is heard. */
  readonly isKnown: boolean;
  /**
   * Whether it is heard though it may be anybody, such as one that enrols: strangers have a part of the
   * memory against replay that members need not share.
   */
  readonly isStranger?: boolean;
  /** Whether it was revoked. */
  readonly isRevoked?: boolean;
  /** Clients that it stands for, where it is enrolled; it may send as many times more. */
  readonly size?: number;
}

/** Checks signatures, each once. */
export interface Guard {
  /**
   * Checks that the request was signed as claimed, just now and for the first time.
   *
   * @throws {TributaryError} As `verifyRequest` of src/wire says, or `too-many-requests`.
   */
  check(request: Request, claim: Claim): Promise<CheckedSignature>;
}

/**
 * Turns those away who have not even tried to sign, before anything is read or looked up for them.
 *
 * @throws {TributaryError} `signature-missing`.
 */
export function requireSignature({ headers }: Request): void {
  if (headers.has("signature") && headers.has("signature-input")) return;
  throw new TributaryError(
    "signature-missing",
    "Cannot accept a request: it has no signature, expected one by RFC 9421",
  );
}

/** How many members it takes to fill the memory against replay. */
const MEMBER_SHARES = 64;

/** Part of the memory against replay that strangers may fill: whoever is a member has the rest. */
const STRANGER_SHARES = 4;

/** A key takes as much memory as so many nonces. */
const NONCES_PER_KEY = 25;

/**
 * What may be played to several instances: an update is in its round once whoever brings it, and who
 * brings it again hears no more than its sender did. Theirs are most of all requests, too.
 */
const IDEMPOTENT: ReadonlySet<SignedKind> = new Set(["update"]);

/** A guard that has seen nothing yet. */
export function createGuard(options: GuardOptions): Guard {
  const { region, clock, maxAgeS, skewS } = options;
  const windowMs = (maxAgeS + 2 * skewS) * 1000;
  const perMember = Math.ceil(options.nonces / MEMBER_SHARES);
  const log = options.nonceLog;
  const nonces = createNonces({
    ...{ clock, windowMs, perMember },
    capacity: options.nonces,
    strangers: Math.ceil(options.nonces / STRANGER_SHARES),
    ...(log && { log }),
  });
  const rate = createRateLimit({ clock, rate: options.memberRate, senders: options.nonces });
  const keys = createKeyChecks(options.checkOf, Math.ceil(options.nonces / NONCES_PER_KEY));

  async function claim(key: string, ms: number): Promise<void> {
    if (options.claim === undefined || await options.claim(key, ms)) return;
    throw new TributaryError(
      "request-replayed",
      "Cannot accept a request: another instance has taken it, expected a fresh one",
    );
  }

  return {
    check: async (request, claimed) => {
      const { kind, member, isKnown, isRevoked = false, isStranger = false, size = 1 } = claimed;
      const checked = await verifyRequest(request, {
        kind,
        member,
        isKnown,
        isRevoked,
        isStranger,
        region,
        checkOf: (publicKey) => keys(publicKey, isKnown && !isStranger),
        clock,
        nonces,
        maxAgeS,
        skewS,
      });
      // Only of those who have proved who they are: else anybody could use up what is another's.
      if (!isStranger) rate.take(member, Math.max(1, size));
      if (!IDEMPOTENT.has(kind)) await claim(`nonce/${member}.${checked.nonce}`, windowMs);
      return checked;
    },
  };
}

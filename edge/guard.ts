/**
 * Who sent a request: the signature check of every route that changes something.
 *
 * @module
 */
import { fromBase64Url } from "../src/core/bytes.ts";
import type { Clock } from "../src/core/clock.ts";
import { TributaryError } from "../src/core/errors.ts";
import { type CheckOf, hasSmallOrder, type SignatureCheck } from "../src/core/identity.ts";
import { createNonces } from "../src/wire/nonces.ts";
import { type SignedKind, verifyRequest } from "../src/wire/signing.ts";

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
}

/** What must have been signed, and by whom. */
export interface Claim {
  /** What the signature must cover. */
  readonly kind: SignedKind;
  /** Id in the path. */
  readonly member: string;
  /** Its raw public key, base64url; undefined when it is not enrolled. */
  readonly publicKey: string | undefined;
}

/** Checks signatures, each once. */
export interface Guard {
  /**
   * Checks that the request was signed as claimed, just now and for the first time.
   *
   * @throws {TributaryError} As `verifyRequest` of src/wire says.
   */
  check(request: Request, claim: Claim): Promise<void>;
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

/** Imported keys kept; beyond that the oldest are imported again. */
const KEPT_KEYS = 100_000;

/** How many members it takes to fill the memory against replay. */
const MEMBER_SHARES = 64;

/** A guard that has seen nothing yet. */
export function createGuard(options: GuardOptions): Guard {
  const { region, clock, maxAgeS, skewS } = options;
  const windowMs = (maxAgeS + 2 * skewS) * 1000;
  const perMember = Math.ceil(options.nonces / MEMBER_SHARES);
  const nonces = createNonces({ clock, windowMs, capacity: options.nonces, perMember });
  const keys = new Map<string, SignatureCheck>();

  async function keyOf(publicKey: string): Promise<SignatureCheck> {
    const kept = keys.get(publicKey);
    if (kept !== undefined) return kept;
    const check = await checkOf(fromBase64Url(publicKey));
    const [oldest] = keys.keys();
    if (keys.size >= KEPT_KEYS && oldest !== undefined) keys.delete(oldest);
    keys.set(publicKey, check);
    return check;
  }

  async function checkOf(publicKey: Uint8Array): Promise<SignatureCheck> {
    let cause: unknown;
    try {
      if (!hasSmallOrder(publicKey)) return await options.checkOf(publicKey);
    } catch (error) {
      cause = error;
    }
    throw new TributaryError(
      "signature-invalid",
      "Cannot accept a request: its sender's public key is none that a key pair has",
      { cause },
    );
  }

  return {
    check: async (request, { kind, member, publicKey }) =>
      await verifyRequest(request, {
        kind,
        member,
        region,
        clock,
        nonces,
        maxAgeS,
        skewS,
        keyOf: () => publicKey === undefined ? undefined : keyOf(publicKey),
      }),
  };
}

/**
 * Enrolment by tokens that somebody else signs: OpenID Connect, or any JSON Web Tokens (RFC 7519).
 *
 * @module
 */
import { decode, verifyWithJwks } from "hono/jwt";
import { toHex, utf8 } from "../../src/core/bytes.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { webDigest } from "../../src/core/digest.ts";
import { type Fetch, systemFetch } from "../../src/core/fetch.ts";
import type { Admission, Admit, Applicant } from "./admission.ts";
import { createKeySet } from "./key_set.ts";

/** How a token may be signed: only by a key whose private half the issuer alone has. */
export type JwtAlgorithm = "ES256" | "ES384" | "EdDSA" | "PS256" | "RS256";

/** Whose tokens let members in. */
export interface JwtAdmissionOptions {
  /** Who issues them: their `iss`, letter by letter. */
  readonly issuer: string;
  /** Whom they are for: one of their `aud`. Name this fleet, so that tokens for others are no use. */
  readonly audience: string;
  /** How they may be signed; by RS256, ES256 or EdDSA unless said otherwise. */
  readonly algorithms?: readonly JwtAlgorithm[];
  /** Address of the issuer's keys; found by OpenID discovery under `issuer` unless said otherwise. */
  readonly keysUrl?: string;
  /** Members that one subject (`sub`) may have; 1 by default. */
  readonly membersPerSubject?: number;
  /** What they let somebody become; clients alone by default. */
  readonly kinds?: readonly Applicant["kind"][];
  /** How far the issuer's clock may be off, in seconds; 60 by default. */
  readonly skewS?: number;
  /** The platform's by default. */
  readonly fetch?: Fetch;
  /** The platform's by default. */
  readonly clock?: Clock;
}

const REFUSED: Admission = { kind: "refused" };
const ALGORITHMS: readonly JwtAlgorithm[] = ["ES256", "EdDSA", "RS256"];
/** Longest `sub`: OpenID Connect Core 1.0, section 2. */
const MOST_SUBJECT = 255;

/**
 * Lets those in who come with a token that an issuer has signed for this audience, is not over, and
 * names a subject that has not too many members already. Its header must name the key (`kid`).
 *
 * @example People of one issuer, one device each
 * ```ts
 * import { admitByJwt } from "./jwt_admission.ts";
 *
 * const admit = admitByJwt({ issuer: "https://login.example", audience: "my-fleet" });
 * const applicant = { task: "", member: "", kind: "client", size: 1, token: "no.token.it.is" } as const;
 * if ((await admit(applicant)).kind !== "refused") throw new Error("let in");
 * ```
 */
export function admitByJwt(options: JwtAdmissionOptions): Admit {
  const { issuer, audience, algorithms = ALGORITHMS, membersPerSubject = 1 } = options;
  const { kinds = ["client"], skewS = 60, fetch = systemFetch, clock = systemClock() } = options;
  const keySet = createKeySet({ issuer, url: options.keysUrl, fetch, clock });
  // Times are held against the clock given, below; the library knows only the platform's.
  const verification = { iss: issuer, aud: audience, exp: false, nbf: false, iat: false };

  return async ({ kind, token }) => {
    const kid = keyIdOf(token);
    if (token === undefined || kid === undefined || !kinds.includes(kind)) return REFUSED;
    const keys = await keySet.keysFor(kid);
    let claims: Readonly<Record<string, unknown>>;
    try {
      claims = await verifyWithJwks(token, {
        keys: [...keys],
        allowedAlgorithms: [...algorithms],
        verification,
      });
    } catch {
      // The library's errors have the token in them: nobody may log one.
      return REFUSED;
    }
    const subject = subjectOf(claims, clock.now() / 1000, skewS);
    if (subject === undefined) return REFUSED;
    // With its issuer, as another may use the same name for somebody else.
    const hash = toHex(await webDigest(utf8(JSON.stringify([issuer, subject]))));
    return { kind: "subject", hash, members: membersPerSubject };
  };
}

/** Which key a token says that it is signed with; undefined for what is no token. */
function keyIdOf(token: string | undefined): string | undefined {
  try {
    return token === undefined ? undefined : decode(token).header.kid;
  } catch {
    return undefined;
  }
}

/** Whom a token is of, if it is good now. */
function subjectOf(
  { exp, nbf, iat, sub }: Readonly<Record<string, unknown>>,
  nowS: number,
  skewS: number,
): string | undefined {
  const isTime = (value: unknown): value is number =>
    typeof value === "number" && Number.isFinite(value);
  if (!isTime(exp) || exp + skewS <= nowS) return undefined;
  for (const from of [nbf, iat]) {
    if (from !== undefined && (!isTime(from) || from - skewS > nowS)) return undefined;
  }
  return typeof sub === "string" && sub !== "" && sub.length <= MOST_SUBJECT ? sub : undefined;
}

/**
 * Who may become a member: what an operator has decided about those who apply.
 *
 * A decision that only the roster can finish, such as whether a token was spent, is handed on to the
 * write that enrols: it is made there, in the one job that also adds the member, so that of two who
 * come with one token exactly one is let in, and the same one again when it tries again.
 *
 * @module
 */
import { equalBytes, toHex, utf8 } from "../../src/core/bytes.ts";
import { type Digest, webDigest } from "../../src/core/digest.ts";

/** A wish to become a member, from someone who has proved to hold the key of its id. */
export interface Applicant {
  /** Digest of the task. */
  readonly task: string;
  /** Identity id. */
  readonly member: string;
  /** What it says it is. */
  readonly kind: "client" | "region";
  /** Clients that it says it stands for. */
  readonly size: number;
  /** Token of its `Authorization: Bearer` header. */
  readonly token: string | undefined;
}

/** What is decided about an applicant. */
export type Admission =
  /** It may come in. */
  | { readonly kind: "admitted" }
  /** It may not: `member-refused`. */
  | { readonly kind: "refused" }
  /** It may if this one-time token was issued, is not over, and nobody else came with it. */
  | {
    readonly kind: "ticket";
    /** {@link ticketHash} of the token. */
    readonly hash: string;
  }
  /** It may unless as many others as are allowed have come as the same person or device. */
  | {
    readonly kind: "subject";
    /** Digest of who it is, hex. */
    readonly hash: string;
    /** Members that one subject may have. */
    readonly members: number;
  };

/** Decides about an applicant. */
export type Admit = (applicant: Applicant) => Admission | Promise<Admission>;

const ADMITTED: Admission = { kind: "admitted" };
const REFUSED: Admission = { kind: "refused" };

/** Lets everyone in. */
export const admitAll: Admit = () => ADMITTED;

/** Lets those in who know a token that all share; regions may need another one than clients. */
export function admitByToken(clients: string, regions: string = clients): Admit {
  const expected = { client: utf8(clients), region: utf8(regions) };
  return ({ kind, token }) =>
    token !== undefined && equalBytes(utf8(token), expected[kind]) ? ADMITTED : REFUSED;
}

/** What one-time tokens begin with, so that they are told from others. */
const TICKET_PREFIX = "tributary-";

/** A fresh one-time token: 32 random bytes. Whoever has it may enrol once. */
export function newTicket(random: (bytes: number) => Uint8Array): string {
  return TICKET_PREFIX + toHex(random(32));
}

/**
 * What is kept of a one-time token: SHA-256 of what it is good for and its text, hex. It holds too much
 * chance to be guessed. With the kind in it a token is none for the other kind, whoever has come with it.
 */
export async function ticketHash(
  { kind, token }: Pick<Applicant, "kind"> & { readonly token: string },
  digest: Digest = webDigest,
): Promise<string> {
  return toHex(await digest(utf8(`${kind} ${token}`)));
}

/** Lets those in who come with a one-time token that was issued here; each lets one member in. */
export const admitByTicket: Admit = async ({ kind, token }) =>
  token?.startsWith(TICKET_PREFIX) === true
    ? { kind: "ticket", hash: await ticketHash({ kind, token }) }
    : REFUSED;

/** Lets those in whom any of these lets in; the first that does not refuse decides. */
export function admitByAnyOf(...ways: readonly Admit[]): Admit {
  return async (applicant) => {
    for (const admit of ways) {
      const admission = await admit(applicant);
      if (admission.kind !== "refused") return admission;
    }
    return REFUSED;
  };
}

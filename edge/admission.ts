/**
 * Who may become a member.
 *
 * @module
 */
import { equalBytes, utf8 } from "../src/core/bytes.ts";

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

/** Decides about an applicant; a false one is refused with `member-refused`. */
export type Admit = (applicant: Applicant) => boolean | Promise<boolean>;

/** Lets everyone in. */
export const admitAll: Admit = () => true;

/** Lets those in who know a token; regions may need another one than clients. */
export function admitByToken(clients: string, regions: string = clients): Admit {
  const expected = { client: utf8(clients), region: utf8(regions) };
  return ({ kind, token }) => token !== undefined && equalBytes(utf8(token), expected[kind]);
}

/**
 * What whoever runs an aggregator may ask of it: who its members are, one-time tokens for new ones,
 * that one is heard no more, and that it hands its work on and ends.
 *
 * @module
 */
import * as v from "valibot";
import { MAX_CLIENTS } from "./party.ts";
import { key32Schema, wholeSchema } from "./scalars.ts";

/** Most one-time tokens of one request. */
export const MAX_TICKETS = 1000;
/** Most members of one page. */
export const MAX_MEMBERS_PAGE = 1000;
/** Longest time that a one-time token is good for, in seconds: a year. */
const MAX_TICKET_S = 366 * 86_400;

/** Which one-time tokens are wanted. */
export interface TicketOrder {
  /** What their bearers may become. */
  readonly kind: "client" | "region";
  /** How many. */
  readonly count: number;
  /** Seconds for which they are good. */
  readonly seconds: number;
}

/** Schema of {@link TicketOrder}. */
export const ticketOrderSchema: v.GenericSchema<TicketOrder> = v.pipe(
  v.strictObject({
    kind: v.picklist(["client", "region"]),
    count: wholeSchema(1, MAX_TICKETS, "How many tokens"),
    seconds: wholeSchema(1, MAX_TICKET_S, "Seconds for which they are good"),
  }),
  v.description("Which one-time tokens are wanted"),
);

/** One-time tokens, which nobody is told a second time. */
export interface Tickets {
  /** Each lets one member in. */
  readonly tickets: readonly string[];
}

/** Schema of {@link Tickets}. */
export const ticketsSchema: v.GenericSchema<Tickets> = v.pipe(
  v.strictObject({
    tickets: v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,512}$/))),
      v.maxLength(MAX_TICKETS),
    ),
  }),
  v.description("One-time tokens; the aggregator keeps only their digests"),
);

/** A member, as its aggregator's operator sees it. */
export interface ListedMember {
  /** Its id. */
  readonly id: string;
  /** What it is enrolled as; absent for one that was revoked. */
  readonly kind?: "client" | "region";
  /** Clients that it stands for, 0 for one that was revoked. */
  readonly size: number;
  /** Whether it was revoked. */
  readonly revoked: boolean;
}

/** A page of members in ascending order of their ids. */
export interface MemberPage {
  /** At most {@link MAX_MEMBERS_PAGE}. */
  readonly members: readonly ListedMember[];
}

/** Schema of {@link MemberPage}. */
export const memberPageSchema: v.GenericSchema<MemberPage> = v.pipe(
  v.strictObject({
    members: v.pipe(
      v.array(v.strictObject({
        id: key32Schema,
        kind: v.exactOptional(v.picklist(["client", "region"])),
        size: wholeSchema(0, MAX_CLIENTS, "Clients that it stands for"),
        revoked: v.boolean(),
      })),
      v.maxLength(MAX_MEMBERS_PAGE),
    ),
  }),
  v.description("Members, and those that were revoked, in ascending order of their ids"),
);

/** How a member is revoked. */
export interface Revocation {
  /**
   * Whether what it enrolled with, such as the subject of a token, may let another member in: for a
   * device that lost its key, not for one that is to stay away.
   */
  readonly release: boolean;
}

/** Schema of {@link Revocation}. */
export const revocationSchema: v.GenericSchema<Revocation> = v.pipe(
  v.strictObject({ release: v.boolean() }),
  v.description("Whether what the member enrolled with may let another one in"),
);

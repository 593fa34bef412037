/**
 * Flags of a server that say who may become a member, who runs it, and how fast anybody may ask.
 *
 * @module
 */
import type { Command } from "commander";
import type { ServeOptions } from "../../edge/deno/mod.ts";
import {
  addressFromHeader,
  type Admit,
  admitByAnyOf,
  admitByJwt,
  admitByTicket,
} from "../../edge/mod.ts";
import { TributaryError } from "../core/errors.ts";
import { httpUrl, wholeNumber } from "./arguments.ts";

/** Their values. */
export interface AdmissionFlags {
  /** Whether one-time tokens let members in. */
  readonly tickets?: boolean;
  /** Who issues tokens. */
  readonly issuer?: string;
  /** Whom they are for. */
  readonly audience?: string;
  /** Ids of operators. */
  readonly operator?: readonly string[];
  /** Requests a second from one address. */
  readonly addressRate?: number;
  /** Header in which a proxy tells addresses. */
  readonly addressHeader?: string;
}

/** Adds them. */
export function addAdmissionOptions(command: Command): Command {
  return command
    .option("--tickets", "let those in who come with a one-time token; see tributary invite")
    .option("--issuer <url>", "let those in whose tokens this OpenID issuer has signed", httpUrl)
    .option("--audience <name>", "whom the issuer's tokens must be for")
    .option("--operator <ids...>", "who may also run it from elsewhere; its own key always may")
    .option(
      "--address-rate <n>",
      "requests a second from one address; no bound without it",
      wholeNumber(1, 1_000_000),
    )
    .option(
      "--address-header <name>",
      "header in which a proxy in front tells addresses, such as cf-connecting-ip",
    );
}

/** Requests that may come at once after a pause, in seconds of the rate. */
const BURST_S = 4;

/** What they mean to a server. */
export function admissionOf(
  flags: AdmissionFlags,
): Pick<ServeOptions, "admit" | "operators" | "limits" | "addressOf"> {
  const { tickets, issuer, audience, operator, addressRate, addressHeader } = flags;
  if ((issuer === undefined) !== (audience === undefined)) {
    throw new TributaryError(
      "bad-request",
      "Cannot check an issuer's tokens: expected both --issuer and --audience",
    );
  }
  const ways: Admit[] = [];
  if (tickets) ways.push(admitByTicket);
  if (issuer !== undefined && audience !== undefined) ways.push(admitByJwt({ issuer, audience }));
  const rate = addressRate && { perS: addressRate, burst: addressRate * BURST_S };
  return {
    ...(ways.length > 0 && { admit: admitByAnyOf(...ways) }),
    ...(operator && { operators: operator }),
    ...(rate && { limits: { addressRate: rate } }),
    ...(addressHeader && { addressOf: addressFromHeader(addressHeader) }),
  };
}

/**
 * Where a request came from, for limits: the platform's word, or that of a proxy which is trusted by
 * configuration. What a sender says of itself is never believed.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Clock } from "../../src/core/clock.ts";
import { createRateLimit, type Rate } from "./rate_limit.ts";

/** Gives the address that a request came from; undefined where the platform does not tell. */
export type AddressOf = (c: Context) => string | undefined;

/** What servers of this library tell an app about a connection. */
export interface ConnectionInfo {
  /** Address of the other side. */
  readonly address?: string | undefined;
}

/** The address of the connection itself, on servers of this library. */
export const connectionAddress: AddressOf = (c) => (c.env as ConnectionInfo | undefined)?.address;

/**
 * The address that a proxy in front writes into a header of its own, over whatever was in it:
 * `cf-connecting-ip` behind Cloudflare. Of a list, such as `x-forwarded-for`, the last entry counts,
 * which is what the proxy itself has added. Whoever can reach the server around the proxy can write
 * such a header too.
 */
export function addressFromHeader(name: string): AddressOf {
  return (c) => c.req.header(name)?.split(",").at(-1)?.trim() || undefined;
}

/** Network of an address: itself, or the first 64 bits of IPv6, which one sender has at least. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail] = address.toLowerCase().split("%", 1).join("").split("::", 2);
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array(Math.max(0, 8 - first.length - last.length)).fill("0");
  const groups = tail === undefined ? first : [...first, ...zeros, ...last];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":") + "::/64";
}

/** Senders that are remembered; some hundred bytes each. */
const SENDERS = 100_000;

/**
 * What turns requests away that come too fast from one network; nothing where no rate is set. One whose
 * address is not known passes.
 */
export function addressLimit(
  addressOf: AddressOf | undefined,
  { clock, limits }: {
    readonly clock: Clock;
    readonly limits: { readonly addressRate: Rate | null };
  },
): MiddlewareHandler[] {
  const { addressRate: rate } = limits;
  if (rate === null || addressOf === undefined) return [];
  const limit = createRateLimit({ clock, rate, senders: SENDERS });
  return [async (c, next) => {
    const address = addressOf(c);
    if (address !== undefined) limit.take(networkOf(address));
    await next();
  }];
}

/**
 * The check of requests in front of objects: an app that knows a worker's own id and nothing of its
 * tasks' state, so that any number of them may run, and bad requests never wake an object.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { checkSignature, type SignedKind } from "../../src/wire/verify_request.ts";
import { requireSignature } from "../http/guard.ts";
import { createKeyChecks } from "../http/key_checks.ts";
import { webCheckOf } from "../../src/core/identity.ts";
import { addressChecks, type Gate, type Signer } from "./gates.ts";

/** What requests are held against. */
export interface GatekeeperOptions {
  /** Id of the aggregator or helper. */
  readonly region: string;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Longest age of a signature in seconds. */
  readonly maxAgeS: number;
  /** How far a sender's clock may be off, in seconds. */
  readonly skewS: number;
  /** Digests of the tasks that there are; undefined where any may be. */
  readonly tasks: ReadonlySet<string> | undefined;
  /** What else is checked of a request whose signature holds. */
  check?(c: Context): Promise<void>;
  /** Has the object answer that a request is for. */
  pass(c: Context, isSigned: boolean): Promise<Response>;
}

/** Mounts routes behind their checks. */
export function gatekeeper(gates: readonly Gate[], options: GatekeeperOptions): Hono {
  const { region, clock, maxAgeS, skewS, tasks } = options;
  const keys = createKeyChecks(webCheckOf, 0);
  const checkOf = (publicKey: string) => keys(publicKey, false);
  const app = new Hono();

  /** Checks a signature where the route asks for one; whether it did. */
  async function isSigned(c: Context, signed: Gate["signed"]): Promise<boolean> {
    if (signed === undefined) return false;
    const request = c.req.raw;
    const signer = signerOf(c, signed.by);
    if (signer === "nobody") return false;
    requireSignature(request);
    const { kind }: { readonly kind: SignedKind } = signed;
    const member = signer === "anyone" ? undefined : signer.id;
    await checkSignature(request, { kind, member, region, checkOf, clock, maxAgeS, skewS });
    return true;
  }

  for (const gate of gates) {
    app.on([gate.method], [gate.path], ...addressChecks(gate.path), async (c) => {
      const task = c.req.param("task");
      if (task !== undefined && tasks?.has(task) === false) {
        throw new TributaryError(
          "task-unknown",
          `Cannot find task ${task}: it is not one of this aggregator`,
        );
      }
      checkLength(c.req.raw, gate.mostBytes);
      const signed = await isSigned(c, gate.signed);
      if (signed) await options.check?.(c);
      return await options.pass(c, signed);
    });
  }
  return app;
}

/** Who must have signed. */
function signerOf(c: Context, by: Signer): { readonly id: string } | "anyone" | "nobody" {
  switch (by) {
    case "member":
      return { id: c.req.param("member") ?? "" };
    case "asker": {
      const id = c.req.query("member");
      return id === undefined ? "nobody" : { id };
    }
    case "via":
      return { id: c.req.query("via") ?? c.req.param("member") ?? "" };
    case "operator":
      return { id: c.req.query("operator") ?? "" };
    case "anyone":
      return "anyone";
    default:
      throw by satisfies never;
  }
}

/** A body whose length is not told is measured by the object that reads it. */
function checkLength({ headers }: Request, mostBytes: number | undefined): void {
  const length = Number(headers.get("content-length") ?? 0);
  if (mostBytes === undefined || length <= mostBytes) return;
  throw new TributaryError(
    "body-too-long",
    `Cannot take the body: it has ${length} bytes, expected at most ${mostBytes}`,
  );
}

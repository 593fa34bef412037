/**
 * What stands between a tester of the contract and a server, so that requests get deep: of every eight
 * requests to an address one goes through as it came, and the others are mended more and more, until
 * the last ones are all that a member, an operator or an owner would send.
 *
 * @module
 */
import { request as httpRequest } from "node:http";
import { concatBytes, toBase64Url, utf8 } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { digestField } from "../../src/wire/content_digest.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";

/** Who sends, and about what. */
export interface Subject {
  /** Whoever is named in the path, or nobody. */
  readonly member: Identity;
  /** Values for the segments of paths, by name. */
  readonly path: Readonly<Record<string, string>>;
  /** Values for members of JSON bodies that have them, by name. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What stands behind a front. */
export interface Target {
  /** Address of the server. */
  readonly url: string;
  /** Its id, which requests are addressed to. */
  readonly id: string;
  /** Whoever may do what operators may, and owns tasks. */
  readonly operator: Identity;
  /** Somebody who may send now. */
  subject(): Promise<Subject>;
  /** Whole requests of a kind, headers and body, where a tester would never hit on one. */
  valid(request: Wanted): Promise<Whole | undefined>;
  /** Told of each request that was answered. */
  answered(request: Wanted, status: number): Promise<void>;
}

/** A request by its address. */
export interface Wanted {
  /** Upper-case method. */
  readonly method: string;
  /** Path, filled in. */
  readonly path: string;
}

/** Headers and body of a request. */
export interface Whole {
  /** Unsigned headers. */
  readonly headers: Headers;
  /** Body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** How far a request is mended; each does all before it. */
const PATH = 1;
const SIGNED = 3;
const BODY = 5;
const WHOLE = 6;
const DEPTHS = 8;

/** A front that listens. */
export interface Front extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** How often each status was answered, by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Routes of which some request was taken: a method and a path with `*` for values. */
  readonly taken: ReadonlySet<string>;
}

/** Serves a front until it is disposed of. */
export function serveFront(target: Target, { clock }: { readonly clock: Clock }): Front {
  const counts = new Map<string, number>();
  const statuses = new Map<number, number>();
  const taken = new Set<string>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const place = `${request.method} ${routeOf(pathname)}`;
      const count = counts.get(place) ?? 0;
      counts.set(place, count + 1);
      const answer = await forward(request, { target, depth: count % DEPTHS, clock });
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.ok) taken.add(place);
      return answer;
    },
  );
  return {
    ...{ url: `http://127.0.0.1:${server.addr.port}`, statuses, taken },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A path with `*` for values, or for parameters in braces. */
export function routeOf(path: string): string {
  const parts = path.split("/").slice(0, 8);
  // The member of a phase stands behind another value.
  return parts.map((part, at) => at < 3 || (at % 2 === 0 && at < 7) ? part : "*").join("/");
}

interface Mending {
  readonly target: Target;
  readonly depth: number;
  readonly clock: Clock;
}

async function forward(request: Request, { target, depth, clock }: Mending): Promise<Response> {
  const { method } = request;
  const url = new URL(request.url);
  const subject = await target.subject();
  let headers = new Headers(request.headers);
  for (const name of ["host", "connection", "content-length", "accept-encoding"]) {
    headers.delete(name);
  }
  let body = new Uint8Array(await request.arrayBuffer());
  let path = depth >= PATH ? filledPath(url.pathname, subject) : url.pathname;
  const query = depth >= PATH
    ? filledQuery(url, { subject, target })
    : new URLSearchParams(url.search);
  // Nobody waits for a round that will not come.
  if (Number(query.get("wait")) > 0) query.set("wait", "0");
  const whole = depth >= WHOLE ? await target.valid({ method, path }) : undefined;
  if (whole !== undefined) {
    body = whole.body;
    if (depth > WHOLE) {
      for (const name of [...headers.keys()]) if (isOwn(name)) headers.delete(name);
    }
    // Every other one with what the tester made up of one header.
    const odd = depth === WHOLE ? [...whole.headers.keys()].find((name) => headers.has(name)) : "";
    for (const [name, value] of whole.headers) if (name !== odd) headers.set(name, value);
  } else if (depth >= BODY) body = filledBody(body, subject);
  path += query.size === 0 ? "" : `?${query}`;
  if (depth >= SIGNED) {
    const isOperators = query.has("operator") || path.startsWith("/v1/work") ||
      /\/(answers|tickets)$|\/tasks\/[^/]+$/.test(path);
    headers = await signedAs(isOperators ? target.operator : subject.member, {
      ...{ method, url: target.url + path, headers, body, clock },
      region: target.id,
      isWhole: whole !== undefined,
    });
  }
  const answer = await send(target.url, { method, path, headers, body });
  await target.answered({ method, path }, answer.status);
  return answer;
}

/** Sends it as it is: `fetch` knows better than to send a TRACE, or a path with dots. */
function send(url: string, { method, path, headers, body }: Wanted & Whole): Promise<Response> {
  const { hostname, port } = new URL(url);
  headers.delete("content-length");
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { hostname, port, method, path, headers: Object.fromEntries(headers), agent: false },
      (answer) => {
        const parts: Uint8Array[] = [];
        answer.on("data", (part: Uint8Array) => void parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const status = answer.statusCode ?? 500;
          const kept = new Headers();
          for (const [name, value] of Object.entries(answer.headers)) kept.set(name, String(value));
          const hasBody = ![204, 205, 304].includes(status) && method !== "HEAD";
          resolve(new Response(hasBody ? concatBytes(parts) : null, { status, headers: kept }));
        });
      },
    );
    sent.on("error", reject);
    // A body of no bytes is announced where there could be one.
    if (body.length > 0 || ["PUT", "POST", "PATCH"].includes(method)) {
      sent.setHeader("content-length", body.length);
    }
    sent.end(body.length > 0 ? body : undefined);
  });
}

/** Headers that say what is sent. */
function isOwn(name: string): boolean {
  return name.startsWith("tributary-") || name.startsWith("upload-") || name.startsWith("content-");
}

function filledPath(path: string, { path: values }: Subject): string {
  const parts = path.split("/");
  return parts.map((part, at) => values[parts[at - 1] ?? ""] ?? part).join("/");
}

function filledQuery(
  { search, pathname }: URL,
  { subject, target }: { readonly subject: Subject; readonly target: Target },
): URLSearchParams {
  const query = new URLSearchParams(search);
  if (query.has("member")) query.set("member", subject.member.id);
  if (query.has("via")) query.delete("via");
  if (/\/(members|tickets|work)$|\/revocations\//.test(pathname)) {
    query.set("operator", target.operator.id);
  }
  return query;
}

/** A body of JSON with those of its members filled in that have to fit something. */
function filledBody(
  body: Uint8Array<ArrayBuffer>,
  { body: values }: Subject,
): Uint8Array<ArrayBuffer> {
  try {
    const value = JSON.parse(new TextDecoder().decode(body));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return body;
    for (const name of Object.keys(value)) if (name in values) value[name] = values[name];
    return utf8(JSON.stringify(value));
  } catch {
    return body;
  }
}

async function signedAs(
  identity: Identity,
  { method, url, headers: given, body, region, clock, isWhole }: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly region: string;
    readonly clock: Clock;
    readonly isWhole: boolean;
  },
): Promise<Headers> {
  const headers = new Headers(given);
  for (const name of ["signature", "signature-input"]) headers.delete(name);
  if (!isWhole && body.length > 0) {
    headers.set("content-digest", digestField(await nativeDigest(body)));
  }
  if (headers.has("tributary-digest")) headers.set("content-length", String(body.length));
  return await signedHeaders({ method, url, headers }, {
    ...{ identity, region, clock, random: systemRandom },
  });
}

/** Values of enrolments and the like for a member. */
export function memberBody(member: Identity): Record<string, unknown> {
  return { publicKey: toBase64Url(member.publicKey), size: 1, kind: "client" };
}

/**
 * Requests of docs/PROTOCOL.md: signed by RFC 9421, answered in JSON or by a problem document.
 *
 * @module
 */
import {
  ascii,
  base64,
  base64url,
  type Bytes,
  canonical,
  concat,
  random,
  sha256,
} from "./bytes.ts";

/** Somebody with a key. */
export interface Someone {
  /** 43 characters. */
  readonly id: string;
  readonly publicKey: Bytes;
  sign(bytes: Uint8Array): Promise<Bytes>;
}

export async function newIdentity(): Promise<Someone> {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return {
    id: base64url(await sha256(raw)),
    publicKey: raw,
    sign: async (bytes) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, bytes as Bytes)),
  };
}

/** Bytes that a signature of a document covers. */
export function toSign(domain: string, document: unknown): Bytes {
  return concat(ascii(`tributary/${domain}/1\n`), ascii(canonical(document)));
}

export async function isSigned(
  bytes: Bytes,
  signature: Bytes,
  publicKey: Bytes,
): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", true, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, signature, bytes);
}

/** How to reach an aggregator, and the time. */
export interface Line {
  readonly url: string;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly nowMs: () => number;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  /** Headers that are covered, in this order. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  /** Who signs, and for which aggregator; unsigned without. */
  readonly as?: { readonly me: Someone; readonly region: string };
}

export async function call(line: Line, request: Call): Promise<Response> {
  const { method = "GET", path, body, as } = request;
  const headers = new Headers(request.headers);
  if (as !== undefined) {
    headers.set("tributary-region", as.region);
    const covered = ["@method", "@path"];
    if (path.includes("?")) covered.push("@query");
    covered.push("tributary-region", ...Object.keys(request.headers ?? {}));
    const at = path.indexOf("?");
    const valueOf = (name: string): string => {
      if (name === "@method") return method;
      if (name === "@path") return at < 0 ? path : path.slice(0, at);
      return name === "@query" ? path.slice(at) : headers.get(name)!;
    };
    const created = Math.floor(line.nowMs() / 1000);
    const parameters = `(${covered.map((name) => `"${name}"`).join(" ")});created=${created}` +
      `;nonce="${base64url(random(16))}";keyid="${
        base64url(as.me.publicKey)
      }";alg="ed25519";tag="tributary"`;
    const base = covered.map((name) => `"${name}": ${valueOf(name)}\n`).join("") +
      `"@signature-params": ${parameters}`;
    headers.set("signature-input", `tributary=${parameters}`);
    headers.set("signature", `tributary=:${base64(await as.me.sign(ascii(base)))}:`);
  }
  // A network sends it by itself; within a process nobody does.
  if (body !== undefined) headers.set("content-length", String(body.length));
  const answer = await line.fetch(
    new Request(line.url + path, { method, headers, ...(body && { body }) }),
  );
  if (answer.ok) return answer;
  const problem = await answer.json();
  throw new Error(`${answer.status} ${problem.code}: ${problem.detail}`);
}

/** A call with a body of JSON. */
export async function callJson(line: Line, request: Call, document: unknown): Promise<Response> {
  const body = ascii(JSON.stringify(document));
  return await call(line, {
    ...request,
    body,
    headers: {
      "content-type": "application/json",
      "content-digest": `sha-256=:${base64(await sha256(body))}:`,
    },
  });
}

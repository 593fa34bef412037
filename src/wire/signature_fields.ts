/**
 * The two headers of a signed request (RFC 9421, section 4) and the base that its signature covers
 * (section 2.5), on the side that checks.
 *
 * Our own, where signing uses a library: the library's general parser takes a third of all that a
 * region does for a small update. This one reads one signature under our label, over plain
 * components in any order, in its one canonical spelling, and refuses everything else.
 *
 * @module
 */
import { fromBase64, utf8 } from "../core/bytes.ts";
import { TributaryError } from "../core/errors.ts";

/** Label of the one signature that is read. */
export const LABEL = "tributary";

/** Parameters of a signature; the RFC knows no others. */
export interface SignatureParameters {
  /** Seconds since the Unix epoch. */
  readonly created?: number;
  /** Seconds since the Unix epoch. */
  readonly expires?: number;
  /** Makes each request another. */
  readonly nonce?: string;
  /** Who signed. */
  readonly keyid?: string;
  /** With which algorithm. */
  readonly alg?: string;
  /** For which application. */
  readonly tag?: string;
}

/** What the headers `Signature-Input` and `Signature` say. */
export interface SignatureFields {
  /** What is covered, in order; each once. */
  readonly components: readonly string[];
  /** The signature's own parameters. */
  readonly parameters: SignatureParameters;
  /** Components and parameters as they were spelt, which the base ends with. */
  readonly input: string;
  /** The signature. */
  readonly signature: Uint8Array<ArrayBuffer>;
}

const COMPONENT = /"(@?[a-z0-9-]+)"/g;
const INPUT = new RegExp(
  `^${LABEL}=(\\((?:"@?[a-z0-9-]+"(?: "@?[a-z0-9-]+")*)?\\)` +
    `((?:;[a-z]+=(?:\\d{1,15}|"[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"))*))$`,
);
const PARAMETER = /;([a-z]+)=(?:(\d+)|"([^"]*)")/g;
const SIGNATURE = new RegExp(`^${LABEL}=:([A-Za-z0-9+/=]+):$`);
const NUMBERS: ReadonlySet<string> = new Set(["created", "expires"]);
const TEXTS: ReadonlySet<string> = new Set(["nonce", "keyid", "alg", "tag"]);

/**
 * Reads both headers.
 *
 * @throws {TributaryError} `signature-invalid` unless they carry one signature under {@link LABEL},
 * spelt canonically, with no component or parameter twice.
 */
export function readSignatureFields(input: string, signature: string): SignatureFields {
  const [, inner, tail] = INPUT.exec(input) ?? [];
  const [, base64] = SIGNATURE.exec(signature) ?? [];
  if (inner === undefined || tail === undefined || base64 === undefined) {
    refuse(`its signature is malformed, expected one called ${LABEL}, over plain components`);
  }
  const list = inner.slice(0, inner.length - tail.length);
  const components = Array.from(list.matchAll(COMPONENT), (match) => match[1] ?? "");
  if (new Set(components).size !== components.length) refuse("it covers a component twice");
  return {
    components,
    parameters: readParameters(tail),
    input: inner,
    signature: readBytes(base64),
  };
}

function readParameters(tail: string): SignatureParameters {
  const parameters: Record<string, string | number> = {};
  for (const [, name = "", number, text] of tail.matchAll(PARAMETER)) {
    const isKnown = (number === undefined ? TEXTS : NUMBERS).has(name);
    if (!isKnown || Object.hasOwn(parameters, name)) {
      refuse(`its signature has an unknown, misplaced or second parameter "${name}"`);
    }
    parameters[name] = number === undefined ? text ?? "" : Number(number);
  }
  return parameters;
}

function readBytes(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(base64);
  } catch {
    refuse("its signature is malformed, expected canonical base64");
  }
}

/**
 * The bytes that a signature covers: a line for each component, then the parameters.
 *
 * @throws {TributaryError} `signature-invalid` if a component is not there, or none that is known.
 */
export function signatureBase(request: Request, fields: SignatureFields): Uint8Array {
  let base = "";
  for (const name of fields.components) base += `"${name}": ${valueOf(request, name)}\n`;
  return utf8(`${base}"@signature-params": ${fields.input}`);
}

function valueOf(request: Request, name: string): string {
  switch (name) {
    case "@method":
      return request.method;
    case "@path":
      return targetOf(request.url).path;
    case "@query":
      return targetOf(request.url).query;
  }
  const value = name.startsWith("@") ? null : request.headers.get(name);
  if (value === null) refuse(`it covers "${name}", which it does not have or we do not know`);
  if (/[^\t\x20-\x7e]/.test(value)) refuse(`it covers "${name}", which is not ASCII`);
  return value;
}

/** Sections 2.2.6 and 2.2.7: the path is `/` when empty, the query is `?` when absent. */
function targetOf(url: string): { readonly path: string; readonly query: string } {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const at = url.indexOf("?");
  const path = from < 0 || (at >= 0 && at < from) ? "/" : url.slice(from, at < 0 ? undefined : at);
  return { path, query: at < 0 ? "?" : url.slice(at) };
}

function refuse(found: string): never {
  throw new TributaryError("signature-invalid", `Cannot accept a request: ${found}`);
}

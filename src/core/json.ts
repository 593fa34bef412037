/**
 * One byte form for one JSON value, so that documents can be hashed and signed, and one value for
 * what is read.
 *
 * @module
 */
import canonicalize from "canonicalize";
import { utf8 } from "./bytes.ts";

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [key: string]: Json;
};

/**
 * The canonical text of a JSON value (RFC 8785): keys sorted, no white space.
 *
 * Members that are `undefined` are left out.
 *
 * @throws {TypeError} If `value` has no JSON form, such as `undefined`, NaN, a text with half a
 * surrogate pair, or an object that holds itself.
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new TypeError(`Cannot write a value as canonical JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (text === undefined) throw new TypeError(`Cannot write ${typeof value} as canonical JSON`);
  return text;
}

/** UTF-8 bytes of {@link canonicalJson}. */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(canonicalJson(value));
}

/** Levels of the deepest JSON that is read. Documents of the protocol have about ten. */
const MOST_LEVELS = 100;

/**
 * The value of a JSON text in which no object has a key twice (RFC 7493, section 2.3), so that two
 * readers cannot see two values in one signed text. Nor may a key be `__proto__`, nor a text hold half
 * a surrogate pair (section 2.1), which has no canonical form, nor lists and objects lie more than
 * 100 levels deep in each other, as whoever reads them goes down by recursion, nor a number be beyond
 * float64 (section 2.2), which would read as infinite.
 *
 * @throws {SyntaxError} If the text is not such JSON.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const open: Set<string>[] = [];
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{") open.push(new Set());
    if (text[at] === "}") open.pop();
    if ("[{".includes(text[at] ?? "?") && ++level > MOST_LEVELS) {
      throw new SyntaxError(`Cannot read JSON: it is more than ${MOST_LEVELS} levels deep`);
    }
    if ("]}".includes(text[at] ?? "?")) level--;
    if (/[-\d]/.test(text[at] ?? "")) at += checkNumber(text, at) - 1;
    if (text[at] !== '"') continue;
    const start = at++;
    for (; text[at] !== '"'; at++) if (text[at] === "\\") at++;
    checkPairs(text.slice(start, at + 1));
    if (isKey(text, at + 1)) addKey(open.at(-1), JSON.parse(text.slice(start, at + 1)));
  }
  return value;
}

/** The length of the number that begins there. */
function checkNumber(text: string, at: number): number {
  // What stands between the marks of JSON and may be part of a number.
  const run = /[-+.\deE]+/y;
  run.lastIndex = at;
  const [number = "0"] = run.exec(text) ?? [];
  if (Number.isFinite(Number(number))) return number.length;
  throw new SyntaxError("Cannot read JSON: a number is beyond what float64 holds");
}

/** Only an escape can make half a pair of what was UTF-8. */
function checkPairs(literal: string): void {
  if (!literal.includes("\\u") || (JSON.parse(literal) as string).isWellFormed()) return;
  throw new SyntaxError("Cannot read JSON: a text holds half a surrogate pair");
}

/** Whether what ends before `at` is followed by a colon. */
function isKey(text: string, at: number): boolean {
  while (" \n\r\t".includes(text[at] ?? "?")) at++;
  return text[at] === ":";
}

function addKey(keys: Set<string> | undefined, key: string): void {
  if (key === "__proto__") {
    throw new SyntaxError(`Cannot read JSON: the key "__proto__" is not allowed`);
  }
  if (keys?.has(key)) throw new SyntaxError(`Cannot read JSON: the key "${key}" appears twice`);
  keys?.add(key);
}

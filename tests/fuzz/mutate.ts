/**
 * Cases out of samples: what a hostile or a broken sender makes of a message.
 *
 * @module
 */
import { concatBytes, utf8 } from "../../src/core/bytes.ts";
import type { Rng } from "../../src/core/random.ts";
import type { Decoder } from "./decoder.ts";

/** Longest case: longer ones say nothing that these do not. */
const MOST_BYTES = 1 << 16;

/** One case. A few are a sample as it is, most have one to four changes. */
export function caseOf({ samples, form }: Pick<Decoder, "samples" | "form">, rng: Rng): Uint8Array {
  let bytes: Uint8Array = pick(samples, rng);
  const changes = [0, 1, 1, 1, 2, 2, 3, 4][rng.below(8)] ?? 1;
  for (let i = 0; i < changes; i++) {
    // Most of what has a structure is changed within it, and would not be read far otherwise.
    const within = rng.below(4) > 0;
    if (form === "json" && within) bytes = changeJson(bytes, samples, rng);
    else if (form === "text" && within) bytes = changeText(bytes, rng);
    else bytes = changeBytes(bytes, samples, rng);
  }
  return bytes.subarray(0, MOST_BYTES);
}

function pick<T>(list: readonly T[], rng: Rng): T {
  const found = list[rng.below(list.length)];
  if (found === undefined && list.length === 0) throw new RangeError("nothing to pick from");
  return found as T;
}

const WORDS = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

function changeBytes(bytes: Uint8Array, samples: readonly Uint8Array[], rng: Rng): Uint8Array {
  const at = rng.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + rng.below(16));
  const [before, middle, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, end),
    bytes.subarray(end),
  ];
  switch (rng.below(10)) {
    case 0: {
      const changed = bytes.slice();
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << rng.below(8));
      return changed;
    }
    case 1: {
      const changed = bytes.slice();
      if (at < changed.length) changed[at] = pick([0, 1, 0x7f, 0x80, 0xff], rng);
      return changed;
    }
    case 2:
      return wordAt(bytes, at, pick(WORDS, rng));
    case 3:
      // A length that is nearly right.
      return wordAt(bytes, at, Math.max(0, bytes.length - at - 6 + rng.below(12)));
    case 4:
      return before;
    case 5:
      return concatBytes([before, after]);
    case 6:
      return concatBytes([before, middle, middle, after]);
    case 7:
      return concatBytes([before, noise(1 + rng.below(40), rng), after]);
    case 8: {
      const other = pick(samples, rng);
      return concatBytes([before, other.subarray(Math.min(other.length, at))]);
    }
    default:
      return concatBytes([before, middle.toReversed(), after]);
  }
}

function wordAt(bytes: Uint8Array, at: number, word: number): Uint8Array {
  if (at + 4 > bytes.length) return bytes;
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(at, word, true);
  return changed;
}

function noise(length: number, rng: Rng): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => rng.below(256));
}

/** Texts that have surprised readers. */
const TEXTS = [
  ...[
    "",
    " ",
    "\0",
    "\ufeff",
    "\u2028",
    "\ud800",
    "é",
    "e\u0301",
    "𝟘",
    "İ",
    "-",
    "--",
    "::",
    "%00",
  ],
  ...["0", "-0", "-1", "1e999", "1e-999", "9007199254740993", "0x10", "1_000", "١", "NaN", "null"],
  ...["__proto__", "constructor", "toString", "../../etc", "\r\n", "a".repeat(300), '"', "\\", ","],
];

/** Characters that part things. */
const MARKS = [",", ";", ":", "::", "\t", "\n", "\r\n", '"', "=", "|", " ", "()", "\\", "/", "-"];

function changeText(bytes: Uint8Array, rng: Rng): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const parts = text.split(/([^A-Za-z0-9.]+)/);
  const at = rng.below(parts.length);
  switch (rng.below(6)) {
    case 0:
      parts[at] = pick(TEXTS, rng);
      break;
    case 1:
      parts[at] = pick(MARKS, rng);
      break;
    case 2:
      parts.splice(at, 1);
      break;
    case 3:
      parts.splice(at, 0, pick(MARKS, rng), pick(TEXTS, rng));
      break;
    case 4:
      parts.splice(at, 0, ...parts.slice(at, at + 1 + rng.below(20)));
      break;
    default:
      parts[at] = String(rng.below(2 ** 32) - 2 ** 31);
  }
  return utf8(parts.join(""));
}

/** Values that fit nowhere, or nearly. */
const VALUES: readonly (() => unknown)[] = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53]
    .map((value) => () => value),
  ...[[], {}, [[]], [null], { length: 1e9 }, { toJSON: 1 }].map((value) => () => value),
  () => nested(500),
  () => nested(80),
  () => Array(300).fill(0),
];

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

function changeJson(bytes: Uint8Array, samples: readonly Uint8Array[], rng: Rng): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return changeBytes(bytes, samples, rng);
  }
  const places = placesOf(value);
  const { holder, key } = pick(places, rng);
  const found = holder[key];
  switch (rng.below(8)) {
    case 0:
    case 1:
      holder[key] = pick(VALUES, rng)();
      break;
    case 2:
      holder[key] = pick(TEXTS, rng);
      break;
    case 3:
      delete holder[key];
      break;
    case 4:
      holder[pick(TEXTS, rng)] = found;
      break;
    case 5:
      // Another place's value, and often of its kind.
      holder[key] = pick(places.map((place) => place.holder[place.key]), rng);
      break;
    case 6:
      if (Array.isArray(found)) holder[key] = [...found, ...found];
      else if (typeof found === "string") holder[key] = found + pick(["0", "=", "A", " "], rng);
      else if (typeof found === "number") holder[key] = pick([found + 1, found - 1, -found], rng);
      break;
    default:
      // One key twice, and spaces, which no value can hold.
      return utf8(twice(textOf(value), rng));
  }
  // The top one's holder; its value may hold itself by now.
  const top = places[0]?.holder["top"];
  return utf8(textOf(top) ?? "");
}

/** Where a value is. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every place of a value, the top one first. */
function placesOf(value: unknown): Place[] {
  const places: Place[] = [{ holder: { top: value }, key: "top" }];
  for (const { holder, key } of places) {
    const inner = holder[key];
    if (typeof inner !== "object" || inner === null) continue;
    for (const name of Object.keys(inner)) {
      places.push({ holder: inner as Record<string, unknown>, key: name });
    }
  }
  return places;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function twice(text = "", rng: Rng): string {
  const members = [...text.matchAll(/"[^"]*":/g)];
  if (members.length === 0) return ` ${text}\n`;
  if (rng.below(8) === 0) return text.replace(/-?\d+/, "1e999");
  if (rng.below(8) === 0) return `${"[".repeat(20_000)}${text}${"]".repeat(20_000)}`;
  const [member] = pick(members, rng);
  return text.replace(member, ` ${member} ${pick(["0", '""', "null"], rng)} , ${member}`);
}

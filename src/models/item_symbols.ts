/**
 * Items as rows of symbols of one length: the paths of a trie.
 *
 * With an alphabet, a symbol is a character's place in it, from 1, and 0 stands after an item's end.
 * Without one, symbols are the bits of UTF-8, and zeros stand after the end, as no text has a byte 0.
 *
 * @module
 */
import { utf8 } from "../core/bytes.ts";

/** How items are spelled. */
export interface Spelling {
  /** The characters of items; `null` for bits of UTF-8. */
  readonly alphabet: string | null;
  /** Longest item, in characters or else bytes. */
  readonly length: number;
}

const BITS = [7, 6, 5, 4, 3, 2, 1, 0] as const;

/** How many symbols every item has. */
export function symbolCount({ alphabet, length }: Spelling): number {
  return alphabet === null ? 8 * length : length;
}

/** The symbols of an item; undefined for one that is empty, too long, or of other characters. */
export function symbolsOf(item: string, spelling: Spelling): number[] | undefined {
  const { alphabet, length } = spelling;
  const symbols = alphabet === null ? bitsOf(item) : charactersOf(item, alphabet);
  if (symbols === undefined || symbols.length === 0) return undefined;
  const missing = symbolCount({ alphabet, length }) - symbols.length;
  return missing < 0 ? undefined : [...symbols, ...Array<number>(missing).fill(0)];
}

function bitsOf(item: string): number[] | undefined {
  const bytes = item.isWellFormed() ? utf8(item) : undefined;
  if (bytes === undefined || bytes.includes(0)) return undefined;
  return Array.from(bytes).flatMap((byte) => BITS.map((bit) => (byte >> bit) & 1));
}

function charactersOf(item: string, alphabet: string): number[] | undefined {
  const known = [...alphabet];
  const symbols = [...item].map((character) => known.indexOf(character) + 1);
  return symbols.includes(0) ? undefined : symbols;
}

/**
 * The text of some first symbols of an item. Of bits, those that make no whole byte are left out,
 * and bytes that begin a character and do not end it stand as U+FFFD.
 */
export function textOf(symbols: readonly number[], { alphabet }: Spelling): string {
  if (alphabet !== null) {
    const known = [...alphabet];
    const end = symbols.indexOf(0);
    return symbols.slice(0, end < 0 ? symbols.length : end)
      .map((symbol) => known[symbol - 1] ?? "").join("");
  }
  const bytes = Array.from(
    { length: Math.floor(symbols.length / 8) },
    (_, at) => symbols.slice(8 * at, 8 * at + 8).reduce((byte, bit) => 2 * byte + bit, 0),
  );
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(Uint8Array.from(bytes.slice(0, end < 0 ? bytes.length : end)));
}

/**
 * Bytes, texts and digests for a client that shares no code with the library.
 *
 * @module
 */

export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const ascii = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const unhex = (text: string): Bytes =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const base64url = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export const unbase64url = (text: string): Bytes =>
  Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")),
    (letter) => letter.charCodeAt(0),
  );

export function le32(...words: readonly number[]): Bytes {
  const out = new Uint8Array(4 * words.length);
  words.forEach((word, i) => new DataView(out.buffer).setUint32(4 * i, word, true));
  return out;
}

export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Bytes));
}

export async function hkdf(key: Bytes, info: string, bytes: number): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: ascii(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, imported, 8 * bytes));
}

export const random = (bytes: number): Bytes => crypto.getRandomValues(new Uint8Array(bytes));

/** A value as RFC 8785 writes it: keys in order of their UTF-16 units, no white space. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => a < b ? -1 : 1);
  return `{${
    entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")
  }}`;
}

/**
 * Bytes and their text forms: lower-case hex, base64 and base64url.
 *
 * @module
 */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const ENCODER = new TextEncoder();

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/** Lower-case hex of `bytes`, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/**
 * Bytes of a hex text of either case.
 *
 * @throws {RangeError} If the length is odd or a character is not a hex digit.
 */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) {
    throw new RangeError(
      `Cannot read hex: ${text.length} characters, expected pairs of hex digits only`,
    );
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  // Newer platforms do it by themselves, seven times as fast.
  if (typeof bytes.toBase64 === "function") return bytes.toBase64();
  // In pieces, because a call takes only so many arguments.
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/**
 * Bytes of a canonical, padded base64 text (RFC 4648, section 4).
 *
 * @throws {RangeError} If the text is not the one form that {@link toBase64} gives.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = decodeBase64(text);
  } catch (cause) {
    throw new RangeError(`Cannot read base64: a character or the length is not allowed`, { cause });
  }
  // Spare bits, missing padding and white space would give one value several names.
  if (toBase64(bytes) !== text) {
    throw new RangeError(`Cannot read base64: expected its canonical form, with padding`);
  }
  return bytes;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** base64url without padding (RFC 4648, section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Bytes of a canonical base64url text without padding (RFC 4648, section 5).
 *
 * @throws {RangeError} If the text is not the one form that {@link toBase64Url} gives.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (/[^A-Za-z0-9_-]/.test(text)) {
    throw new RangeError(`Cannot read base64url: expected only letters, digits, "-" and "_"`);
  }
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(standard + "=".repeat((4 - standard.length % 4) % 4));
}

/** All parts in order, in one new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes, in time that depends on their lengths alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Pieces of `length` bytes in order, the last one as long as what is left, as views. */
export function cutBytes<T extends ArrayBufferLike>(
  bytes: Uint8Array<T>,
  length: number,
): Uint8Array<T>[] {
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.subarray(index * length, (index + 1) * length),
  );
}

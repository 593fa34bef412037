/**
 * Models as safetensors files: an 8-byte header length, a JSON header, the values.
 *
 * Our own: the packages found on npm are unkept, and a reader of files from outside has to refuse
 * malformed ones by name.
 * Written files are those of the reference library, byte for byte: the
 * header padded with spaces to whole 8 bytes, tensors in order of their names. Reading is stricter
 * than the reference library (safetensors 0.8.0), so that one file has one meaning; it accepts, and
 * this refuses:
 *
 * - a key that appears twice, even with the same content;
 * - white space before the header's opening brace;
 * - members of a tensor's entry besides `dtype`, `shape` and `data_offsets`;
 * - a header of a length that is no multiple of 8, and a tensor that is not aligned to its elements;
 * - the name `__proto__`, which JavaScript objects cannot safely hold.
 *
 * @module
 */
import { concatBytes, utf8 } from "./bytes.ts";
import { TributaryError } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { NamedTensors } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

/** Bits of one element, for every dtype of the reference library. */
const DTYPE_BITS: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6 },
  ...{ F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
  ...{ I64: 64, U64: 64, F64: 64, C64: 64 },
};

/** Longest header that is read, as in the reference library. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA = "__metadata__";

/** One tensor of a file, as it lies there. */
export interface RawTensor {
  /** Unique within the file. */
  readonly name: string;
  /** Element type, such as `F32`, `BF16` or `I64`. */
  readonly dtype: string;
  /** Row-major extents; empty for a scalar. */
  readonly shape: readonly number[];
  /** Little-endian elements; a view of the file. */
  readonly bytes: Uint8Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  /** Free text by key; empty if the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Tensors in the order of their bytes. */
  readonly tensors: readonly RawTensor[];
}

/** A file of float32 tensors, decoded. */
export interface SafetensorsModel {
  /** Free text by key; empty if the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors, each a copy of its own. */
  readonly tensors: NamedTensors;
}

/**
 * The file of some float32 tensors. Equal tensors give equal bytes, whatever order they are in.
 *
 * @param tensors  By name.
 * @param metadata Free text to keep beside them.
 * @throws {TributaryError} `bad-tensors` if a name cannot be written, or data and shape disagree.
 *
 * @example There and back
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
 *
 * const file = encodeSafetensors({ bias: { shape: [2], data: Float32Array.of(1, -2) } });
 * const { tensors } = decodeSafetensors(file);
 * if (tensors.bias?.data[1] !== -2) throw new Error("lost a value");
 * ```
 */
export function encodeSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const texts = sortedByName(metadata);
  for (const [key] of texts) checkName(key);
  const members = texts.length === 0
    ? []
    : [`"${METADATA}":{${texts.map(([key, text]) => member(key, text)).join(",")}}`];
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data }] of sortedByName(tensors)) {
    checkName(name);
    if (name === METADATA) refuse(`a tensor cannot be called "${METADATA}"`);
    if (sizeOf(shape) !== data.length) {
      refuse(`tensor "${name}" has ${data.length} values, its shape [${shape}] ${sizeOf(shape)}`);
    }
    const offsets = [end, end + data.byteLength];
    members.push(member(name, { dtype: "F32", shape, data_offsets: offsets }));
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    end += data.byteLength;
  }
  const json = utf8(`{${members.join(",")}}`);
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  header.set(json);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return concatBytes([length, header, ...parts]);
}

/**
 * The float32 tensors of a file.
 *
 * @throws {TributaryError} `bad-tensors` if the file is malformed or holds another dtype.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsModel {
  const { metadata, tensors } = readSafetensors(bytes);
  const named = tensors.map(({ name, dtype, shape, bytes }) => {
    if (dtype !== "F32") refuse(`tensor "${name}" holds ${dtype}, expected F32`);
    // A copy, as the bytes of a file need not lie aligned in memory.
    return [name, { shape, data: new Float32Array(new Uint8Array(bytes).buffer) }] as const;
  });
  return { metadata, tensors: Object.fromEntries(named) };
}

/**
 * What a file holds, of any dtype, without copying its values.
 *
 * @throws {TributaryError} `bad-tensors` if the file is malformed; the sentence says in what.
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, data } = splitHeader(bytes);
  const metadata = metadataOf(Object.hasOwn(header, METADATA) ? header[METADATA] : {});
  const tensors = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => locate(name, entry))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let covered = 0;
  for (const { name, start, end } of tensors) {
    if (start !== covered) {
      refuse(`tensor "${name}" begins at byte ${start} of the values, expected ${covered}`);
    }
    covered = end;
  }
  if (covered !== data.length) {
    refuse(`the tensors take ${covered} bytes and the file has ${data.length} bytes of values`);
  }
  return {
    metadata,
    tensors: tensors.map(({ name, dtype, shape, start, end }) => ({
      name,
      dtype,
      shape,
      bytes: data.subarray(start, end),
    })),
  };
}

function splitHeader(
  bytes: Uint8Array,
): { header: Readonly<Record<string, unknown>>; data: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    refuse(`${bytes.length} bytes, expected at least the ${LENGTH_BYTES} of the header's length`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    refuse(`a header of ${length} bytes, expected at most ${MAX_HEADER_BYTES}`);
  }
  const end = LENGTH_BYTES + Number(length);
  if (end > bytes.length) {
    refuse(`a header of ${length} bytes in a file of ${bytes.length}`);
  }
  if (length === 0n || length % 8n !== 0n) {
    refuse(`a header of ${length} bytes, expected a multiple of 8 above 0`);
  }
  const text = headerText(bytes.subarray(LENGTH_BYTES, end));
  if (!text.startsWith("{")) refuse(`the header does not begin with "{"`);
  let header: unknown;
  try {
    header = parseJson(text);
  } catch (cause) {
    refuse(`the header is not JSON, or not strictly: ${(cause as Error).message}`, cause);
  }
  if (!isObject(header)) refuse("the header is no JSON object");
  return { header, data: bytes.subarray(end) };
}

function headerText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    refuse("the header is not UTF-8", cause);
  }
}

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) refuse(`"${METADATA}" is no JSON object`);
  const texts = Object.entries(value).map(([key, text]) => {
    if (typeof text !== "string") refuse(`"${key}" in "${METADATA}" is no text`);
    return [key, text] as const;
  });
  return Object.fromEntries(texts);
}

/** Where a tensor lies, in bytes from the first value. */
interface Place {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function locate(name: string, entry: unknown): Place {
  if (!isObject(entry)) refuse(`the entry of tensor "${name}" is no JSON object`);
  const { dtype, shape, data_offsets: offsets, ...others } = entry;
  const [extra] = Object.keys(others);
  if (extra !== undefined) refuse(`tensor "${name}" has an unknown member "${extra}"`);
  const bits = typeof dtype === "string" && Object.hasOwn(DTYPE_BITS, dtype)
    ? DTYPE_BITS[dtype]
    : undefined;
  if (typeof dtype !== "string" || bits === undefined) {
    refuse(`tensor "${name}" has dtype ${JSON.stringify(dtype)}, which there is not`);
  }
  if (!isWholeNumbers(shape)) {
    refuse(`tensor "${name}" has shape ${JSON.stringify(shape)}, expected whole numbers`);
  }
  if (!isWholeNumbers(offsets)) {
    refuse(`tensor "${name}" has offsets ${JSON.stringify(offsets)}, expected two whole numbers`);
  }
  const [start, end, third] = offsets;
  if (start === undefined || end === undefined || third !== undefined || start > end) {
    refuse(`tensor "${name}" has offsets [${offsets}], expected a start and an end after it`);
  }
  const size = sizeOf(shape) * bits / 8;
  if (size !== end - start || !Number.isSafeInteger(shape.reduce(wholeProduct, 1))) {
    refuse(
      `tensor "${name}" of ${dtype} [${shape}] needs ${size} bytes, its offsets give ${
        end - start
      }`,
    );
  }
  if (start % Math.ceil(bits / 8) !== 0) {
    refuse(`tensor "${name}" of ${dtype} begins at byte ${start}, which is not aligned`);
  }
  return { name, dtype, shape, start, end };
}

/** NaN once a product is too large to be exact, even where a zero comes later. */
function wholeProduct(product: number, extent: number): number {
  return Number.isSafeInteger(product * extent) ? product * extent : NaN;
}

function isWholeNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(key: string, value: unknown): string {
  return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
}

function checkName(name: string): void {
  if (name === "__proto__" || !name.isWellFormed()) {
    refuse(`the name ${JSON.stringify(name)} is not allowed`);
  }
}

/** Members in the order of their names' UTF-8 bytes, as the reference library has them. */
function sortedByName<T>(members: Readonly<Record<string, T>>): (readonly [string, T])[] {
  // By code points, which is the same order; plain comparison goes by UTF-16 units.
  return Object.entries(members).sort(([a], [b]) => compareCodePoints([...a], [...b]));
}

function compareCodePoints(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((character, i) => character !== b[i]);
  return (a[at]?.codePointAt(0) ?? -1) - (b[at < 0 ? a.length : at]?.codePointAt(0) ?? -1);
}

function refuse(found: string, cause?: unknown): never {
  throw new TributaryError("bad-tensors", `Cannot use safetensors: ${found}`, { cause });
}

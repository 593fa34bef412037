/**
 * Which SIMD instructions the runtime has.
 *
 * @module
 */

/**
 * A core's build. `"baseline"` uses the instructions that every runtime has and gives the same bits
 * everywhere. `"relaxed"` multiplies and adds in one instruction where the machine can, which
 * changes the last bits of products of matrices and of attention from one kind of machine to
 * another, and nothing else.
 */
export type Simd = "baseline" | "relaxed";

/** A module of one function, which multiplies and adds vectors: valid where there is relaxed SIMD. */
const PROBE: Uint8Array<ArrayBuffer> = Uint8Array.of(
  // "\0asm", version 1
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // types: () → v128; functions: one of it
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  // code: three times i32.const 0, i8x16.splat; then f32x4.relaxed_madd
  ...[0x0a, 0x13, 0x01, 0x11, 0x00],
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f],
  ...[0xfd, 0x85, 0x02, 0x0b],
);

/** The faster of the builds that this runtime can compile. */
export function fastestSimd(
  validates: (module: Uint8Array<ArrayBuffer>) => boolean = WebAssembly.validate,
): Simd {
  return validates(PROBE) ? "relaxed" : "baseline";
}

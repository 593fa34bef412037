/**
 * ChaCha20's block function, value by value.
 *
 * @module
 */

/** One block of 16 words: RFC 8439, section 2.3. */
export function chachaBlock(
  key: Uint8Array,
  counter: number,
  nonce: readonly number[],
): Uint32Array {
  const view = new DataView(key.buffer, key.byteOffset, 32);
  const start = new Uint32Array(16);
  start.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) start[4 + i] = view.getUint32(4 * i, true);
  start.set([counter, ...nonce], 12);
  const s = start.slice();
  const mix = (a: number, b: number, c: number, by: number): void => {
    s[a]! += s[b]!;
    const x = s[c]! ^ s[a]!;
    s[c] = (x << by) | (x >>> (32 - by));
  };
  const quarter = (a: number, b: number, c: number, d: number): void => {
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarter(i, i + 4, i + 8, i + 12);
    for (let i = 0; i < 4; i++) {
      quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
  }
  return s.map((word, i) => word + start[i]!);
}

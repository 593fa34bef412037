/**
 * ChaCha20's keystream, RFC 8439 section 2.3, as it stands there.
 *
 * @module
 */

function quarter(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  const add = (to: number, from: number) => x[to] = x[to]! + x[from]!;
  const turn = (to: number, by: number, from: number) => {
    const mixed = x[to]! ^ x[from]!;
    x[to] = (mixed << by) | (mixed >>> (32 - by));
  };
  add(a, b), turn(d, 16, a);
  add(c, d), turn(b, 12, c);
  add(a, b), turn(d, 8, a);
  add(c, d), turn(b, 7, c);
}

/** Words of the keystream from block 0 on. */
export function* keystream(key: Uint8Array, nonce: readonly number[]): Generator<number> {
  const view = new DataView(key.buffer, key.byteOffset, 32);
  const words = Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i, true));
  for (let block = 0;; block++) {
    const start = Uint32Array.of(
      ...[0x61707865, 0x3320646e, 0x79622d32, 0x6b206574],
      ...[...words, block, ...nonce],
    );
    const x = start.slice();
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 4; i++) quarter(x, i, i + 4, i + 8, i + 12);
      for (let i = 0; i < 4; i++) {
        quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
      }
    }
    yield* x.map((word, i) => word + start[i]!);
  }
}

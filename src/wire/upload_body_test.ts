import assert from "node:assert/strict";
import { concatBytes } from "../core/bytes.ts";
import { uploadBody } from "./upload_body.ts";

const parcel = Uint8Array.of(1, 2, 3);

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield await Promise.resolve(new Uint8Array(bytes).fill(at));
}

Deno.test("upload body: without evidence it is the parcel itself", async () => {
  const body = await uploadBody(parcel, undefined);
  assert.ok(body instanceof Uint8Array);
  assert.deepEqual(body, parcel);
  assert.equal(body.buffer, parcel.buffer, "not a copy");
});

Deno.test("upload body: short evidence follows the parcel, in one piece", async () => {
  const evidence = { bytes: 6, digest: parcel, chunks: () => pieces(3, 2) };
  assert.deepEqual(
    await uploadBody(parcel, evidence),
    Uint8Array.of(1, 2, 3, 0, 0, 1, 1, 2, 2),
  );
});

/** Ten bytes in slices of four, which counts how often one is read. */
function sliced() {
  const asked: number[] = [];
  const slice = (index: number) => {
    asked.push(index);
    return Promise.resolve(
      Uint8Array.from({ length: index < 2 ? 4 : 2 }, (_, at) => index * 4 + at),
    );
  };
  return { asked, parcel: { bytes: 10, sliceBytes: 4, slice } };
}

for (
  const [from, to, asked] of [[0, 10, [0, 1, 2]], [4, 8, [1]], [3, 9, [0, 1, 2]], [
    10,
    10,
    [],
  ]] as const
) {
  Deno.test(`upload body: bytes ${from} to ${to} of a parcel in slices are read from slices ${asked}`, async () => {
    const { asked: read, parcel } = sliced();
    const expected = Array.from({ length: to - from }, (_, at) => from + at);
    assert.deepEqual(await uploadBody(parcel, undefined, { from, to }), Uint8Array.from(expected));
    assert.deepEqual(read, asked);
    const evidence = { bytes: 1, digest: Uint8Array.of(), chunks: () => [Uint8Array.of(99)] };
    const whole = await uploadBody(parcel, evidence, { from, to });
    assert.deepEqual(whole, Uint8Array.from([...expected, 99]));
  });
}

Deno.test("upload body: a slice that is not there is no end of the parcel", async () => {
  const slice = () => Promise.resolve(new Uint8Array(0));
  await assert.rejects(
    uploadBody({ bytes: 10, sliceBytes: 4, slice }, undefined),
    RangeError,
  );
});

Deno.test("upload body: long evidence is read as it is sent, anew for each try, and no further than wanted", async () => {
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces(9, 1 << 20)) {
      read++;
      yield piece;
    }
  }
  const evidence = { bytes: 9 << 20, digest: parcel, chunks: counted };
  const body = await uploadBody(parcel, evidence);
  assert.ok(typeof body === "function");
  assert.equal(read, 0);
  for (let tries = 0; tries < 2; tries++) {
    const whole = concatBytes(await Array.fromAsync(body()));
    assert.equal(whole.length, 3 + (9 << 20));
    assert.deepEqual([whole[2], whole[3], whole.at(-1)], [3, 0, 8]);
  }
  read = 0;
  const reader = body().getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  assert.ok(read <= 2, `read ${read} pieces`);
});

import assert from "node:assert/strict";
import { concatBytes } from "../core/bytes.ts";
import { uploadBody } from "./upload_body.ts";

const parcel = Uint8Array.of(1, 2, 3);

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) yield await Promise.resolve(new Uint8Array(bytes).fill(at));
}

Deno.test("upload body: without evidence it is the parcel itself", async () => {
  assert.equal(await uploadBody(parcel, undefined), parcel);
});

Deno.test("upload body: short evidence follows the parcel, in one piece", async () => {
  const evidence = { bytes: 6, digest: parcel, chunks: () => pieces(3, 2) };
  assert.deepEqual(
    await uploadBody(parcel, evidence),
    Uint8Array.of(1, 2, 3, 0, 0, 1, 1, 2, 2),
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

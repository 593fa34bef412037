import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";
import { isFitted, loadPerson, newPerson, savePerson } from "./mf_person.ts";

function memoryState(): DeviceState & { values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

Deno.test("mf person: what is kept comes back, whatever buffer the device gives it in", async () => {
  const state = memoryState();
  const person = Float32Array.of(0.5, -1.25, 1e-7, 3, 1, 2, 12);
  await savePerson(state, person);
  assert.deepEqual(await loadPerson(state, 2), person);
  const [[key, bytes]] = [...state.values] as [[string, Uint8Array]];
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  state.values.set(key, shifted.subarray(3));
  assert.deepEqual(await loadPerson(state, 2), person);
});

Deno.test("mf person: bytes are little-endian float32", async () => {
  const state = memoryState();
  await savePerson(state, Float32Array.of(1, -2));
  assert.deepEqual([...state.values.values()], [Uint8Array.of(0, 0, 128, 63, 0, 0, 0, 192)]);
});

Deno.test("mf person: a device that keeps nobody starts with somebody new", async () => {
  const person = await loadPerson(memoryState(), 3);
  assert.deepEqual(person, newPerson(3));
  assert.deepEqual([person.length, isFitted(person)], [10, false]);
  person[9] = 1;
  assert.equal(isFitted(person), true);
});

Deno.test("mf person: one of another size is refused", async () => {
  const state = memoryState();
  await savePerson(state, newPerson(4));
  await assert.rejects(
    loadPerson(state, 2),
    (error) =>
      isTributaryError(error, "bad-data") && /52 bytes, expected 28 for dim 2/.test(error.message),
  );
});

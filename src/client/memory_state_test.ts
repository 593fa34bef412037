import assert from "node:assert/strict";
import { memoryState } from "./memory_state.ts";

Deno.test("memory state: gives back what was set, and nothing else", async () => {
  const state = memoryState();
  assert.equal(await state.get("person"), undefined);
  await state.set("person", Uint8Array.of(1, 2));
  await state.set("other", Uint8Array.of(3));
  assert.deepEqual(await state.get("person"), Uint8Array.of(1, 2));
  assert.deepEqual(await state.get("other"), Uint8Array.of(3));
});

Deno.test("memory state: later changes of an array do not reach what is stored", async () => {
  const state = memoryState();
  const given = Uint8Array.of(1, 2);
  await state.set("person", given);
  given[0] = 9;
  const taken = await state.get("person");
  taken![1] = 9;
  assert.deepEqual(await state.get("person"), Uint8Array.of(1, 2));
});

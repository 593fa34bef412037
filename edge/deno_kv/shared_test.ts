import { manualClock } from "../../src/wire/_testing.ts";
import { testSharedStore } from "../shared_store_conformance_test.ts";
import { denoKvStore } from "./store.ts";
import { openKv } from "./_testing.ts";

testSharedStore("Deno KV store that instances share", async () => {
  const clock = manualClock();
  const kv = await openKv();
  return {
    stores: [await denoKvStore({ kv, clock }), await denoKvStore({ kv, clock })],
    pass: (ms) => Promise.resolve(clock.advance(ms)),
    [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
  };
});

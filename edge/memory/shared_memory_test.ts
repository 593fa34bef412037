import { manualClock } from "../../src/wire/_testing.ts";
import { testSharedStore } from "../shared_store_conformance_test.ts";
import { testRoundStore } from "../store_conformance_test.ts";
import { sharedMemory } from "./shared_memory.ts";

testRoundStore(
  "shared memory",
  () => Promise.resolve(sharedMemory(manualClock()).open()),
);

testSharedStore("shared memory", () => {
  const clock = manualClock();
  const memory = sharedMemory(clock);
  return Promise.resolve({
    stores: [memory.open(), memory.open()],
    pass: (ms) => Promise.resolve(clock.advance(ms)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

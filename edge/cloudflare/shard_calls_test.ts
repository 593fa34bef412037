import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { module } from "../_testing.ts";
import { memoryStore } from "../memory/store.ts";
import { createShard } from "../sum/shard.ts";
import { answerShard, remoteShard } from "./shard_calls.ts";

const TASK = "ab".repeat(32);
const NAME = "upload/1/member/é 5@2x2";

/** An accumulator behind calls, the next of which fail in the given ways. */
function setUp() {
  const shard = createShard({ store: memoryStore(), module });
  const failures: Record<string, boolean>[] = [];
  const waits: number[] = [];
  let stubs = 0;
  const remote = remoteShard({
    stub() {
      stubs++;
      return {
        fetch(request) {
          const failure = failures.shift();
          if (failure !== undefined) throw Object.assign(new Error("object reset"), failure);
          return answerShard(shard, request);
        },
      };
    },
    sleep: (ms) => Promise.resolve(void waits.push(ms)),
  });
  return {
    ...{ shard, remote, failures, waits },
    get stubs() {
      return stubs;
    },
    [Symbol.dispose]: () => shard[Symbol.dispose](),
  };
}

Deno.test("accumulator calls: slices come back as they were put, and go when they are dropped", async () => {
  using setting = setUp();
  const { remote } = setting;
  const bytes = Uint8Array.from({ length: 12 }, (_, at) => at);
  assert.equal(await remote.slice(TASK, NAME, 3), undefined);
  await remote.put(TASK, [{ name: NAME, index: 3, bytes }]);
  assert.deepEqual(await remote.slice(TASK, NAME, 3), bytes);
  await remote.drop(TASK, [NAME]);
  assert.equal(await remote.slice(TASK, NAME, 3), undefined);
});

Deno.test("accumulator calls: sums are made there, of zeros or of an older one", async () => {
  using setting = setUp();
  const { remote } = setting;
  for (const [name, word] of [["a", 1], ["b", 2]] as const) {
    const bytes = new Uint8Array(new Uint32Array(3).fill(word).buffer);
    await remote.put(TASK, [{ name, index: 0, bytes }]);
  }
  const ring = { ring: "u32", bytes: 12 } as const;
  await remote.add(TASK, { ...ring, to: "s1", parcels: ["a"] });
  await remote.add(TASK, { ...ring, from: "s1", to: "s2", parcels: ["a", "b"] });
  const sum = await remote.slice(TASK, "s2", 0);
  assert.deepEqual([...new Uint32Array(sum!.slice().buffer)], [4, 4, 4]);
});

Deno.test("accumulator calls: what it refuses arrives with its code", async () => {
  using setting = setUp();
  const { remote, shard } = setting;
  await assert.rejects(
    remote.add(TASK, { ring: "u32", bytes: 12, to: "s", parcels: ["missing"] }),
    (error) => isTributaryError(error, "store-failed") && /missing/.test(error.message),
  );
  const body = JSON.stringify({ ring: "u64", bytes: 12, to: "s", parcels: [] });
  for (
    const request of [
      new Request(`https://a/${TASK}/sums`, { method: "POST", body }),
      new Request(`https://a/${TASK}/else`),
      new Request(`https://a/${TASK}/slices/x/0`, {
        method: "PUT",
        body: new Uint8Array((1 << 20) + 1),
      }),
    ]
  ) {
    const response = await answerShard(shard, request);
    assert.equal((await response.json()).code, "bad-request");
  }
});

Deno.test("accumulator calls: an object that was moved is called again by a new stub, longer and longer after", async () => {
  using setting = setUp();
  const { remote, failures, waits } = setting;
  failures.push({ retryable: true }, { retryable: true });
  await remote.drop(TASK, []);
  assert.equal(setting.stubs, 3);
  assert.deepEqual(waits, [50, 100]);
});

for (
  const [sentence, failure] of [
    ["has too much to do", { retryable: true, overloaded: true }],
    ["failed for good", {}],
  ] as const
) {
  Deno.test(`accumulator calls: an object that ${sentence} is not called again, and its caller is told to wait`, async () => {
    using setting = setUp();
    const { remote, failures } = setting;
    failures.push(failure);
    await assert.rejects(remote.drop(TASK, []), (error) => isTributaryError(error, "busy"));
    assert.equal(setting.stubs, 1);
  });
}

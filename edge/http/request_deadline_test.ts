import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import { problemCode, testMember, testPeer, testRoot } from "../_testing.ts";
import { memoryStore } from "../memory/mod.ts";

/** As often as it takes for what is ready to be done. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("deadline: a request whose store hangs is answered in time, and what it asked for is done later", async () => {
  const inner = memoryStore();
  let hold = Promise.resolve();
  const store = {
    ...inner,
    write: async (...args: Parameters<typeof inner.write>) => {
      await hold;
      return await inner.write(...args);
    },
  };
  await using root = await testRoot({ store, limits: { requestMs: 5000 } });
  const identity = await generateIdentity();
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  const held = Promise.withResolvers<void>();
  hold = held.promise;
  const enrolling = peer.enrol(root.id, { kind: "client", size: 1, region });
  await turns();
  root.clock.advance(5000);
  await assert.rejects(
    enrolling,
    (error) => isTributaryError(error, "request-timeout") && error.retryAfterS === 1,
  );
  held.resolve();
  await turns();
  assert.equal(root.app.aggregator.tasks.get(root.id)?.status().members, 1);
});

Deno.test("deadline: a long poll has the wait that it asked for on top", async () => {
  await using root = await testRoot({
    limits: { requestMs: 5000 },
    task: { clients: { min: 2, max: 4 } },
  });
  await testMember(root);
  const path = `/v1/tasks/${root.id}/round?after=0`;
  const poll = Promise.resolve(root.app.request(`${path}&wait=30`));
  await turns();
  root.clock.advance(29_000);
  await turns();
  root.clock.advance(1000);
  assert.equal((await poll).status, 204);
  const wrong = await root.app.request(`${path}&wait=1e9`);
  assert.equal(wrong.status, 400);
  assert.equal(await problemCode(wrong), "bad-request");
});

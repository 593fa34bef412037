import assert from "node:assert/strict";
import { serveHelper } from "../edge/deno/mod.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import { decodeSafetensors } from "../src/core/safetensors.ts";
import { tensors } from "../src/models/tensors.ts";
import { defineTask } from "../src/task/define_task.ts";
import { joinHonest, startMaskedTree, VALUES } from "./adversaries/live.ts";
import { takePart } from "./second_client/client.ts";
import { startTree } from "./tree.ts";

Deno.test("second client: one that was written from PROTOCOL.md alone takes part in a masked round, and its update is in the sum", async () => {
  await using masked = await startMaskedTree({ clients: 5, shape: [2] });
  const { tree, clock } = masked;
  const honest = await joinHonest(masked, 4, { at: tree.leaves, change: 0 });
  honest.start();
  const [region] = tree.leaves;
  const line = { url: region!.url, fetch: tree.fetch, nowMs: () => clock.now() };
  const { receipt, values } = await takePart(line, ({ w }) => ({
    w: Array.from(w!, (value, i) => value + (i + 1) / 10),
    "clients/weight": [1],
  }));
  await masked.closed(1);
  assert.deepEqual(await honest.ended(), [1, 1, 1, 1]);
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "published", JSON.stringify(event));
  assert.equal(event.clients, 5);
  assert.equal(event.sid, receipt.sid);

  // Everybody else changed nothing: what the model moved by is its update, to the last bit.
  const bits = tree.task.update.slotBits - Math.ceil(Math.log2(tree.task.clients.max));
  const limit = 2 ** (bits - 1) - 1;
  const model = await masked.model();
  assert.equal(model.length, VALUES);
  model.forEach((value, i) => {
    const expected = (values[i]! - limit) / limit / 5;
    assert.ok(Math.abs(value - expected) < 1e-6, `value ${i} is ${value}, expected ${expected}`);
    assert.ok(Math.abs(value - (i + 1) / 50) < 1 / limit);
  });
});

Deno.test("second client: the same over HTTP, with servers for root, region and helpers", async () => {
  const folder = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const helpers = [];
  for (const name of ["a", "b", "c"]) {
    const helper = stack.use(
      await serveHelper({
        store: `${folder}/${name}.db`,
        identity: `${folder}/${name}.identity`,
        keys: [`${folder}/${name}.key`],
        port: 0,
      }),
    );
    helpers.push({
      url: helper.url,
      key: toBase64Url(helper.keys[0]!.publicKey),
      identity: toBase64Url(helper.identity.publicKey),
    });
  }
  const task = defineTask({
    name: "over HTTP",
    model: tensors({ tensors: { w: [VALUES] } }),
    mask: { kind: "kahe1", helpers },
    clients: { min: 3, max: 100 },
    stop: { rounds: 1 },
  });
  await using tree = await startTree({ task, shape: [1], over: "http" });
  const honest = await joinHonest({ tree }, 2, { at: tree.leaves, change: 0 });
  honest.start();
  const line = { url: tree.leaves[0]!.url, fetch: tree.fetch, nowMs: () => tree.clock.now() };
  const train = () => ({ w: Array(VALUES).fill(0.75), "clients/weight": [1] });
  const { values } = await takePart(line, train);
  assert.deepEqual(await honest.ended(), [1, 1]);
  const { life } = tree.root;
  const answer = await tree.fetch(new Request(`${tree.root.url}/v1/tasks/${tree.id}/models/1`));
  const { w } = decodeSafetensors(new Uint8Array(await answer.arrayBuffer())).tensors;
  const limit = 2047;
  w!.data.forEach((value, i) => {
    assert.ok(Math.abs(value - (values[i]! - limit) / limit / 3) < 1e-6);
  });
  assert.equal(life.status().phase, "finished");
});

Deno.test("second client: it imports nothing of the library", async () => {
  const folder = new URL("./second_client/", import.meta.url);
  const outside: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    for (const [, from = ""] of source.matchAll(/ from "([^"]+)"/g)) {
      if (!from.startsWith("./")) outside.push(from);
    }
  }
  assert.deepEqual(outside.sort(), ["@hpke/chacha20poly1305", "@hpke/core"]);
});

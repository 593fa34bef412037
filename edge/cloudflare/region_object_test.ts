import assert from "node:assert/strict";
import { toBase64Url } from "../../src/core/bytes.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import { createUpdateChain } from "../../src/update/chain.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { updatePlan } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { runMaskedClient } from "../_masked_testing.ts";
import { module } from "../_testing.ts";
import { patientPeer } from "../_tree_testing.ts";
import { CLIENTS, onTree, reach, ROUNDS, type Setting, WORDS } from "./_tree_testing.ts";

/** Grid points of client `i`: 13 bits a value, so up to 8190. */
function wordsOf(i: number, round: number): number[] {
  return [i + round, 8190 - i, round * 1000 + i, i * i, 4095];
}

/** Every client is in every round, and the model is that of the sum of the last one's words. */
async function trainToTheEnd(
  { clock, committee, root, region }: Setting,
  beforeUpload: (client: number, round: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { task, id, owner } = committee;
  const runs = Array.from(
    { length: CLIENTS },
    (_, i) =>
      runMaskedClient(clock, { fetch: reach(region) }, {
        task,
        words: (round) => wordsOf(i, round),
        async spoil(upload) {
          await beforeUpload(i, upload.round);
          return upload;
        },
      }),
  );
  for (const { rounds } of await Promise.all(runs)) assert.deepEqual(rounds, [1, 2]);
  const peer = patientPeer(clock, reach(root), await generateIdentity());
  const { entries } = await peer.log(id, { from: 0 });
  const log = await verifyLog(entries, { task, signer: toBase64Url(owner.publicKey) });
  assert.equal(log.rounds, ROUNDS);
  assert.equal(log.clients, ROUNDS * CLIENTS);
  const sum = new Uint32Array(WORDS);
  for (let i = 0; i < CLIENTS; i++) {
    for (const [at, word] of wordsOf(i, ROUNDS).entries()) sum[at]! += word;
  }
  using core = createAggregateCore(module);
  const chain = createUpdateChain(core, updatePlan(task));
  const { tensors } = decodeSafetensors(await peer.model(id, log.model!));
  const expected = chain.decode(new Uint8Array(sum.buffer), CLIENTS);
  assert.deepEqual(tensors.w!.data, expected.w!.data);
}

onTree(
  "region object: masked rounds train through a region in workerd",
  (setting) => trainToTheEnd(setting),
);

onTree(
  "region object: one that is killed in mid-round goes on with what it acknowledged",
  async (setting) => {
    let kills = 0;
    await trainToTheEnd(setting, async (client, round) => {
      if (client !== round) return;
      kills++;
      await setting.region.killAndStart();
    });
    assert.equal(kills, ROUNDS);
  },
);

onTree(
  "region object: an alarm brings one back that nobody asks anything",
  async ({ region, nextCall }) => {
    let called = nextCall();
    await (await fetch(`${region.url}/v1/tasks`)).text();
    await called;
    await region.killAndStart();
    called = nextCall();
    await called;
  },
);

import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { startTree } from "../../tests/tree.ts";
import { webDigest } from "../core/digest.ts";
import { toHex } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { encodeSafetensors } from "../core/safetensors.ts";
import { type NamedTensors, zeros } from "../core/tensor.ts";
import type { Trainer } from "../core/trainer.ts";
import { createPeer } from "../wire/peer.ts";
import { planDigest, sessionId } from "../wire/session_id.ts";
import { type FetchedModel, fetchModel } from "./fetch_model.ts";
import { halfWay, interfering, joinLeaf, smallTask } from "./_testing.ts";

/** Fetches what a region serves under a task of one tensor `w` of three values. */
async function fetched(file: Uint8Array<ArrayBuffer>, announced = file.length): Promise<{
  model: Promise<FetchedModel>;
  requests: number;
}> {
  let requests = 0;
  const peer = createPeer({
    url: "http://region.example",
    fetch: () => Promise.resolve((requests++, new Response(file))),
    identity: await generateIdentity(),
    clock: hastyClock(),
    random: systemRandom,
  });
  const model = fetchModel({
    peer,
    task: "ab".repeat(32),
    info: { version: 4, digest: toHex(await webDigest(file)), bytes: announced },
    tensors: [{ name: "w", shape: [3] }],
    signal: new AbortController().signal,
  });
  await Promise.allSettled([model]);
  return { model, requests };
}

Deno.test("fetchModel: the task's model comes as it is, with metadata beside it or not", async () => {
  const w = { shape: [3], data: Float32Array.of(1, 2, 3) };
  for (const metadata of [{}, { made: "here" }]) {
    const file = encodeSafetensors({ w }, metadata);
    const { model } = await fetched(file);
    assert.deepEqual(await model, { tensors: { w }, bytes: file.length });
  }
});

Deno.test("fetchModel: more bytes than the task's model can take are never asked for", async () => {
  const { model, requests } = await fetched(new Uint8Array(8), 600 << 20);
  await assert.rejects(model, {
    code: "model-invalid",
    message: /^Cannot use model 4: 629145600 bytes are announced, expected at most \d{5} for/,
  });
  assert.equal(requests, 0);
});

Deno.test("fetchModel: other tensors, other shapes and values that are not finite are refused", async () => {
  const wild = (value: number) => ({ w: { shape: [3], data: Float32Array.of(1, value, 3) } });
  const cases: [NamedTensors, RegExp][] = [
    [{ w: zeros([4]) }, /its tensor "w" has shape \[4\], expected \[3\]/],
    [{ w: zeros([3, 1]) }, /its tensor "w" has shape \[3,1\], expected \[3\]/],
    [{ v: zeros([3]) }, /it has no tensor "w"/],
    [{ toString: zeros([3]) }, /it has no tensor "w"/],
    [{}, /it has 0 tensors, expected 1/],
    [{ w: zeros([3]), v: zeros([1]) }, /it has 2 tensors, expected 1/],
    [wild(NaN), /its tensor "w" holds NaN, expected finite values/],
    [wild(-Infinity), /its tensor "w" holds -Infinity/],
  ];
  for (const [tensors, message] of cases) {
    const { model } = await fetched(encodeSafetensors(tensors));
    await assert.rejects(model, { code: "model-invalid", message });
  }
});

Deno.test("fetchModel: neither training nor the application gets another model than the task's", async () => {
  const file = encodeSafetensors({ w: zeros([4]) });
  const model = { version: 0, digest: toHex(await webDigest(file)), bytes: file.length };
  const task = smallTask();
  const plan = await planDigest(task);
  const through = interfering({
    ...{ method: "GET", path: /\/(models\/\d+|status|round)$/ },
    async answer(request, fetch) {
      if (request.url.includes("/models/")) return new Response(file);
      const told = await (await fetch(request)).json();
      const changed = { ...told, model };
      // A round's session id binds its model.
      return Response.json(
        told.kind === "open"
          ? { ...changed, sid: await sessionId({ ...told, model: model.digest, plan }) }
          : changed,
      );
    },
  });
  await using tree = await startTree({ task, through });
  let trainings = 0;
  const trainer: Trainer = (model, context) => (trainings++, halfWay(model, context));
  await using me = await joinLeaf(tree, { training: { trainer } });
  const misshapen = { code: "model-invalid", message: /"w" has shape \[4\], expected \[3\]/ };
  await assert.rejects(me.model(), misshapen);
  await assert.rejects(Array.fromAsync(me.rounds()), misshapen);
  assert.equal(trainings, 0);
});

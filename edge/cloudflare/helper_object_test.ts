import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBase64Url } from "../../src/core/bytes.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateStoredIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { generateStoredHelperKey, type HelperKey } from "../../src/mask/helper_key.ts";
import { maskOf } from "../../src/mask/registry.ts";
import { parcelsOf } from "../../src/update/plan.ts";
import { signTask, type Task, taskId, updatePlan } from "../../src/wire/task.ts";
import { module, nodeDigest } from "../_testing.ts";
import { askRequest, type TestCommittee, testCommittee, testGroup } from "../helper/_testing.ts";
import { openSum } from "../root/open_sum.ts";
import { helperOf, type HelperSettings } from "./_helper_testing.ts";
import { canRunWorkerd, startWorker } from "./_testing.ts";
import { silent } from "../logger.ts";
import { untraced } from "../trace.ts";

const WORKER = `
  import aggregateModule from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
  import { ${helperOf.name} } from "./_helper_testing.ts";
  const helper = ${helperOf.name}(aggregateModule);
  export const { HelperObject } = helper;
  export default { fetch: helper.fetch };
`;

/**
 * Ahead by more than the two seconds of which a helper that was killed does not remember what it has
 * seen: else asks would have to wait for these to pass.
 */
const clock = (() => {
  const real = systemClock();
  return { ...real, now: () => real.now() + 5000 };
})();

/** A committee whose first helper has these keys, and runs elsewhere. */
async function committeeWith(identity: Identity, key: HelperKey) {
  const committee = await testCommittee({ app: { clock } });
  const { mask } = committee.task;
  assert.ok(mask.kind === "kahe1");
  const first = {
    url: "http://helper1.test",
    key: toBase64Url(key.publicKey),
    identity: toBase64Url(identity.publicKey),
  };
  const task: Task = {
    ...committee.task,
    mask: { ...mask, helpers: [first, ...mask.helpers.slice(1)] },
  };
  const signed = await signTask(task, committee.owner);
  return {
    ...{ ...committee, task, signed, id: await taskId(task) },
    helpers: committee.helpers.with(0, { ...committee.helpers[0]!, identity, key }),
    mask: maskOf(task.mask, parcelsOf(updatePlan(task))),
  } satisfies TestCommittee;
}

Deno.test({
  name:
    "helper object: a sum needs a helper in workerd, which answers a sid once, also when killed",
  ignore: !await canRunWorkerd(),
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "helper-"));
    const { identity, pkcs8 } = await generateStoredIdentity();
    const key = await generateStoredHelperKey();
    const bindings: HelperSettings & Record<string, string> = {
      IDENTITY: toBase64Url(pkcs8),
      HELPER_KEYS: toBase64Url(key.pkcs8),
    };
    const start = () =>
      startWorker({
        ...{ source: WORKER, folder, bindings },
        objects: { HELPER: "HelperObject" },
      });
    const committee = await committeeWith(identity, key.key);
    let worker = await start();
    const fetch: Fetch = async (request) => {
      const { hostname, pathname } = new URL(request.url);
      // Four of five are needed, and there are four.
      if (hostname === "helper5.test") throw new TypeError("connection refused");
      if (hostname !== "helper1.test") return await committee.fetch(request);
      const { method, headers, body, signal } = request;
      const init = { method, headers, body, signal, duplex: "half" };
      return await globalThis.fetch(`${worker.url}${pathname}`, init as RequestInit);
    };
    const world = {
      ...{ identity: committee.owner, fetch, clock, module },
      random: systemRandom,
      digest: nodeDigest,
      logger: silent,
      trace: untraced,
    };
    try {
      const group = await testGroup(committee, { tree: [3, 4] });
      for (const _ of [1, 2]) {
        const opened = await openSum(world, group);
        assert.deepEqual([...new Uint32Array(opened.buffer)], group.expected);
        await worker[Symbol.asyncDispose]();
        worker = await start();
      }
      // The object begins with its first request, and knows nothing of what was signed before.
      const { keys } = await (await globalThis.fetch(`${worker.url}/v1/helper`)).json();
      assert.equal(keys.length, 1);
      const less = group.members.slice(0, 5);
      const evidence = () => ReadableStream.from(less.map(({ evidence }) => evidence));
      const other = { ...group, evidence, nodes: less.length, clients: less.length };
      const request = await askRequest({ ...committee, clock: clock as never }, other, {
        helper: 1,
      });
      const response = await fetch(request);
      assert.deepEqual([response.status, (await response.json()).code], [409, "sid-answered"]);
      const refusals = [
        ["PUT", `/v1/tasks/${committee.id}`, 401, "signature-missing"],
        ["POST", `/v1/tasks/${committee.id}/answers`, 401, "signature-missing"],
        ["POST", "/v1/tasks/x/answers", 400, "bad-request"],
        ["GET", "/v1/tasks", 404, "not-found"],
      ] as const;
      for (const [method, path, status, code] of refusals) {
        const refused = await globalThis.fetch(worker.url + path, { method });
        assert.deepEqual([refused.status, (await refused.json()).code], [status, code], path);
      }
    } finally {
      await worker[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    }
  },
});

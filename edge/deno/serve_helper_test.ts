import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { systemRandom } from "../../src/core/random.ts";
import { module, nodeDigest } from "../_testing.ts";
import { askRequest, type TestCommittee, testCommittee, testGroup } from "../helper/_testing.ts";
import { openSum } from "../root/open_sum.ts";
import { loadHelperKey } from "../native/helper_key_file.ts";
import type { ServedHelper } from "../native/helper_server.ts";
import { serveHelper } from "./serve_helper.ts";
import { silent } from "../logger.ts";
import { untraced } from "../trace.ts";

/** Runs a test in a folder of its own. */
function inFolder(sentence: string, body: (folder: string) => Promise<void>): void {
  Deno.test(`serve helper: ${sentence}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "helper-"));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** A second ahead: what is signed in the second in which a server starts has to be signed again. */
const clock = (() => {
  const real = systemClock();
  return { ...real, now: () => real.now() + 1500 };
})();

/** The helpers of a committee, each a listener of its own over a file. */
async function serveAll(committee: TestCommittee, folder: string) {
  const stack = new AsyncDisposableStack();
  const served: ServedHelper[] = [];
  for (const [at, { identity, key }] of committee.helpers.entries()) {
    const store = join(folder, `${at + 1}.db`);
    served.push(stack.use(await serveHelper({ store, identity, keys: [key] })));
  }
  const fetch: Fetch = (request) => {
    const url = new URL(request.url);
    const helper = served[Number(/\d+/.exec(url.hostname)![0]) - 1]!;
    const { method, headers, body, signal } = request;
    const init = { method, headers, body, signal, duplex: "half" };
    return globalThis.fetch(`${helper.url}${url.pathname}`, init as RequestInit);
  };
  const world = {
    ...{ identity: committee.owner, fetch, clock, module },
    random: systemRandom,
    digest: nodeDigest,
    logger: silent,
    trace: untraced,
  };
  return { fetch, world, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

inFolder(
  "five helpers on loopback open a sum, and give the same after a restart",
  async (folder) => {
    const committee = await testCommittee();
    const group = await testGroup(committee, { tree: [3, 4] });
    for (const _ of [1, 2]) {
      await using helpers = await serveAll(committee, folder);
      const opened = await openSum(helpers.world, group);
      assert.deepEqual([...new Uint32Array(opened.buffer)], group.expected);
    }
  },
);

inFolder(
  "another set is refused after a restart, before its body was sent whole",
  async (folder) => {
    const committee = await testCommittee();
    const group = await testGroup(committee, { tree: [90] });
    {
      await using helpers = await serveAll(committee, folder);
      await openSum(helpers.world, group);
    }
    await using helpers = await serveAll(committee, folder);
    const less = group.members.slice(0, 60);
    const evidence = () => ReadableStream.from(less.map(({ evidence }) => evidence));
    const other = { ...group, evidence, nodes: less.length, clients: less.length };
    for (const helper of [1, 5]) {
      const request = await askRequest({ ...committee, clock: clock as never }, other, { helper });
      const response = await helpers.fetch(request);
      assert.deepEqual([response.status, (await response.json()).code], [409, "sid-answered"]);
    }
  },
);

inFolder("a sender that is gone in mid-body leaves nothing, and may come again", async (folder) => {
  const committee = await testCommittee();
  const group = await testGroup(committee, { tree: [20] });
  await using helpers = await serveAll(committee, folder);
  let stops = true;
  const evidence = () =>
    (async function* () {
      for (const { evidence } of group.members) {
        yield await Promise.resolve(evidence);
        if (stops && evidence === group.members[9]!.evidence && sent++ > 0) throw new Error("gone");
      }
    })();
  let sent = 0;
  const end = new AbortController();
  const broken = openSum(helpers.world, { ...group, evidence }, {
    deadlineMs: 300,
    signal: end.signal,
  });
  await assert.rejects(broken);
  stops = false;
  const opened = await openSum(helpers.world, group);
  assert.deepEqual([...new Uint32Array(opened.buffer)], group.expected);
});

inFolder("a key file is made once, for its owner alone, and read again", async (folder) => {
  const path = join(folder, "shares.key");
  const key = await loadHelperKey(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual((await loadHelperKey(path)).publicKey, key.publicKey);
});

inFolder("a key file of another kind is refused", async (folder) => {
  const path = join(folder, "shares.key");
  Deno.writeTextFileSync(path, "no key");
  await assert.rejects(loadHelperKey(path), TypeError);
});

import assert from "node:assert/strict";
import { systemClock } from "../../core/clock.ts";
import { generateIdentity } from "../../core/identity.ts";
import { systemRandom } from "../../core/random.ts";
import { createHelperPeer } from "../../wire/helper_peer.ts";
import { testFolder } from "../_testing.ts";
import { helperNames, startCommittee } from "./committee.ts";
import { openRunState } from "./state.ts";

Deno.test("committee: after a restart the helpers are the same, at their addresses or wherever there is room", async () => {
  await using folder = await testFolder();
  const helpers = helperNames(2);
  const open = () => openRunState(folder.path("run"), { names: ["root"], helpers, fresh: false });
  const identity = await generateIdentity();
  const askKeys = async (url: string, fetch: (request: Request) => Promise<Response>) => {
    const peer = createHelperPeer({
      ...{ url, fetch, identity, clock: systemClock(), random: systemRandom },
      retry: { attempts: 1, minMs: 0, maxMs: 0 },
    });
    const { identity: own, keys: [key] } = await peer.keys();
    return { url, key, identity: own };
  };
  const check = async ({ helpers, fetch }: Awaited<ReturnType<typeof startCommittee>>) => {
    const told = await Promise.all(helpers.map(({ url }) => askKeys(url, fetch)));
    assert.deepEqual(told, helpers);
    return helpers;
  };
  const first = await (async () => {
    await using committee = await startCommittee(await open(), 2);
    return await check(committee);
  })();
  assert.equal(new Set(first.flatMap((helper) => Object.values(helper))).size, 6);
  {
    await using again = await startCommittee(await open(), 2);
    assert.deepEqual(await check(again), first);
  }
  // Another program has taken the first one's port meanwhile.
  const port = Number(new URL(first[0]!.url).port);
  await using _other = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, () => {
    throw new Error("asked the wrong one");
  });
  await using moved = await startCommittee(await open(), 2);
  assert.deepEqual(await check(moved), first);
});

Deno.test("committee: a scheme without helpers starts none", async () => {
  await using folder = await testFolder();
  const state = await openRunState(folder.path("run"), { names: ["root"], fresh: false });
  await using committee = await startCommittee(state, 0);
  assert.deepEqual(committee.helpers, []);
  assert.deepEqual((await folder.list()).filter((name) => name.includes("helper")), []);
});

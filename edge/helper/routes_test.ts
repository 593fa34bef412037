import assert from "node:assert/strict";
import { fromBase64Url, toBase64Url } from "../../src/core/bytes.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { generateHelperKey } from "../../src/mask/helper_key.ts";
import { verifyHelperKeys } from "../../src/wire/helper_keys.ts";
import { createHelperPeer, type HelperPeer } from "../../src/wire/helper_peer.ts";
import { signTask, taskId } from "../../src/wire/task.ts";
import { module } from "../_testing.ts";
import { memoryHelperStore } from "../memory/helper_store.ts";
import { ask, putTask, type TestCommittee, testCommittee, testGroup } from "./_testing.ts";
import { admitOwners } from "./admission.ts";
import { createHelperApp } from "./app.ts";

const ALONE = { size: 1, mask: { threshold: 1, colluding: 0 } };

/** The first helper as someone sees it who tries once. */
function peerOf(committee: TestCommittee, identity: Identity = committee.owner): HelperPeer {
  const { fetch, clock } = committee;
  const retry = { attempts: 1, minMs: 0, maxMs: 0 };
  const url = committee.helpers[0]!.url;
  return createHelperPeer({ url, fetch, identity, clock, random: systemRandom, retry });
}

function partyOf({ helpers: [helper] }: TestCommittee) {
  const { id, publicKey } = helper!.identity;
  return { id, publicKey: toBase64Url(publicKey) };
}

Deno.test("helper: its keys are told to everyone, in their order and under its identity", async () => {
  const committee = await testCommittee(ALONE);
  const [helper] = committee.helpers;
  const newer = await generateHelperKey();
  helper!.restart({ keys: [newer, helper!.key] });
  const keys = await peerOf(committee).keys();
  await verifyHelperKeys(keys);
  assert.equal(keys.identity, toBase64Url(helper!.identity.publicKey));
  assert.deepEqual(keys.keys.map(fromBase64Url), [newer.publicKey, helper!.key.publicKey]);
});

Deno.test("helper: a task that names it is served, and doing so again changes nothing", async () => {
  const committee = await testCommittee(ALONE);
  const helper = partyOf(committee);
  const { id, signed } = committee;
  for (const _ of [1, 2]) {
    const offer = await peerOf(committee).putTask(id, signed, { helper });
    assert.deepEqual(offer, { ...signed, region: helper });
  }
  assert.deepEqual(await committee.helpers[0]!.store.tasks(), [id]);
});

Deno.test("helper: a task outlives the process", async () => {
  const committee = await testCommittee(ALONE);
  await putTask(committee);
  committee.helpers[0]!.restart();
  assert.ok((await ask(committee, await testGroup(committee))).bytes !== undefined);
});

Deno.test("helper: a task that it does not serve is task-unknown", async () => {
  const committee = await testCommittee(ALONE);
  assert.equal((await ask(committee, await testGroup(committee))).code, "task-unknown");
});

Deno.test("helper: a task under an older one of its keys is served", async () => {
  const committee = await testCommittee(ALONE);
  const [helper] = committee.helpers;
  helper!.restart({ keys: [await generateHelperKey(), helper!.key] });
  await putTask(committee);
  const group = await testGroup(committee);
  assert.ok((await ask(committee, group)).bytes !== undefined);
});

Deno.test("helper: once a key is gone, tasks that name it are refused", async () => {
  const committee = await testCommittee(ALONE);
  await putTask(committee);
  committee.helpers[0]!.restart({ keys: [await generateHelperKey()] });
  const { code, detail } = await ask(committee, await testGroup(committee));
  assert.equal(code, "helper-mismatch");
  assert.match(detail!, /it names the key .*, expected one that this helper has/);
});

Deno.test("helper: a task that names another identity is refused", async () => {
  const committee = await testCommittee(ALONE);
  const mask = committee.task.mask as never as Record<string, unknown>;
  const other = toBase64Url((await generateIdentity()).publicKey);
  const [named] = mask.helpers as Record<string, string>[];
  const task = { ...committee.task, mask: { ...mask, helpers: [{ ...named, identity: other }] } };
  const signed = await signTask(task as never, committee.owner);
  await assert.rejects(
    peerOf(committee).putTask(await taskId(signed.task), signed, { helper: partyOf(committee) }),
    { code: "helper-mismatch", message: /none of its 1 helpers has the identity key/ },
  );
});

Deno.test("helper: a task without helpers is refused", async () => {
  const committee = await testCommittee(ALONE);
  const signed = await signTask({ ...committee.task, mask: { kind: "none" } }, committee.owner);
  await assert.rejects(
    peerOf(committee).putTask(await taskId(signed.task), signed, { helper: partyOf(committee) }),
    { code: "task-refused", message: /it masks by none, expected a scheme with helpers/ },
  );
});

Deno.test("helper: sets smaller than the helper's own least are refused with the task", async () => {
  const committee = await testCommittee({ ...ALONE, app: { limits: { leastClients: 3 } } });
  await assert.rejects(putTask(committee), {
    code: "task-refused",
    message: /it opens sums of 2 clients, expected at least 3/,
  });
});

Deno.test("helper: a task under a signature that is not its owner's is refused", async () => {
  const committee = await testCommittee(ALONE);
  const { id, task, owner } = committee;
  const forged = {
    ...await signTask(task, await generateIdentity()),
    owner: toBase64Url(owner.publicKey),
  };
  await assert.rejects(
    peerOf(committee).putTask(id, forged, { helper: partyOf(committee) }),
    { code: "task-refused", message: /the signature is not its owner's/ },
  );
});

Deno.test("helper: a task that someone else than its owner brings is refused", async () => {
  const committee = await testCommittee(ALONE);
  const thief = peerOf(committee, await generateIdentity());
  await assert.rejects(
    thief.putTask(committee.id, committee.signed, { helper: partyOf(committee) }),
    { code: "signature-invalid" },
  );
  assert.deepEqual(await committee.helpers[0]!.store.tasks(), []);
});

Deno.test("helper: owners that are not admitted are refused", async () => {
  const known = await generateIdentity();
  const closed = await testCommittee({ ...ALONE, app: { admit: admitOwners([known.id]) } });
  await assert.rejects(putTask(closed), { code: "owner-refused" });
  assert.deepEqual(await closed.helpers[0]!.store.tasks(), []);
  const open = await testCommittee(ALONE);
  open.helpers[0]!.restart({ admit: admitOwners([open.owner.id]) });
  await putTask(open);
});

Deno.test("helper: with as many tasks as it may have, another one is refused", async () => {
  const committee = await testCommittee({ ...ALONE, app: { limits: { tasks: 1 } } });
  await putTask(committee);
  await putTask(committee);
  const signed = await signTask({ ...committee.task, name: "another" }, committee.owner);
  await assert.rejects(
    peerOf(committee).putTask(await taskId(signed.task), signed, { helper: partyOf(committee) }),
    { code: "too-many-tasks" },
  );
});

Deno.test("helper: a task under another digest than its own is refused", async () => {
  const committee = await testCommittee(ALONE);
  await assert.rejects(
    peerOf(committee).putTask("0".repeat(64), committee.signed, { helper: partyOf(committee) }),
    { code: "task-refused", message: /its digest is/ },
  );
});

Deno.test("helper: an ask that takes more memory than there is at all is refused", async () => {
  const committee = await testCommittee({ ...ALONE, app: { limits: { inFlightBytes: 1 << 20 } } });
  await putTask(committee);
  assert.equal((await ask(committee, await testGroup(committee))).code, "body-too-long");
});

Deno.test("helper: it needs a key, and not too many", async () => {
  const identity = await generateIdentity();
  const key = await generateHelperKey();
  for (const keys of [[], Array.from({ length: 65 }, () => key)]) {
    assert.throws(
      () => createHelperApp({ store: memoryHelperStore(), keys, identity, module }),
      {
        name: "RangeError",
        message: `Cannot make a helper with ${keys.length} keys: expected 1 to 64`,
      },
    );
  }
});

Deno.test("helper: it says that it is well, and describes itself", async () => {
  const { app } = (await testCommittee(ALONE)).helpers[0]!;
  for (const path of ["/healthz", "/readyz"]) {
    assert.deepEqual(await (await app.request(path)).json(), { status: "ok" });
  }
  const { info, paths } = await (await app.request("/openapi.json")).json();
  assert.equal(info.title, "Tributary helper");
  assert.deepEqual(Object.keys(paths).sort(), [
    "/healthz",
    "/readyz",
    "/v1/helper",
    "/v1/tasks/{task}",
    "/v1/tasks/{task}/answers",
  ]);
  const asked = paths["/v1/tasks/{task}/answers"].post.responses;
  assert.match(asked["409"].description, /sid-mismatch.*sid-answered/);
});

Deno.test("helper: another method or address has its own problem", async () => {
  const { app } = (await testCommittee(ALONE)).helpers[0]!;
  const deleted = await app.request("/v1/helper", { method: "DELETE" });
  assert.deepEqual([deleted.status, (await deleted.json()).code], [405, "method-not-allowed"]);
  const nowhere = await app.request("/v1/nothing");
  assert.deepEqual([nowhere.status, (await nowhere.json()).code], [404, "not-found"]);
});

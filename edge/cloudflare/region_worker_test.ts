import assert from "node:assert/strict";
import { utf8 } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import { generateIdentity, type Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { contentDigestOf } from "../../src/wire/content_digest.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { type TaskOffer } from "../../src/wire/task.ts";
import { updateHeaders } from "../../src/wire/update_headers.ts";
import { hex32 } from "../../src/wire/_testing.ts";
import { parcelDigest, problemCode } from "../_testing.ts";
import { COUNT_FIELD } from "./_region_testing.ts";
import { onTree, type Setting } from "./_tree_testing.ts";

/** What a request is made of, before it is signed. */
interface Draft {
  readonly method: string;
  readonly path: string;
  readonly headers?: Headers | undefined;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** Waits until the region's object knows its task, and tells who it is. */
async function offerOf({ region, committee }: Setting): Promise<TaskOffer> {
  for (;;) {
    const response = await fetch(`${region.url}/v1/tasks/${committee.id}`);
    if (response.ok) return await response.json();
    assert.equal(await problemCode(response), "busy");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A member of these tests. */
function speaker({ region, clock }: Pick<Setting, "region" | "clock">, to: string, me: Identity) {
  return {
    async sign({ method, path, headers = new Headers() }: Draft, now: Clock = clock) {
      const url = region.url + path;
      const options = { identity: me, region: to, clock: now, random: systemRandom };
      return await signedHeaders({ method, url, headers }, options);
    },
    async send({ method, path, body }: Draft, headers?: Headers): Promise<Response> {
      return await fetch(region.url + path, {
        ...{ method, ...(headers && { headers }), ...(body && { body }) },
      });
    },
  };
}

/** How many requests the object has been asked; undefined where this one has not reached it. */
async function countOf(response: Response): Promise<number | undefined> {
  await response.body?.cancel();
  const count = response.headers.get(COUNT_FIELD);
  return count === null ? undefined : Number(count);
}

async function enrolment(task: string, me: Identity): Promise<Draft> {
  const publicKey = toBase64Url(me.publicKey);
  const body = utf8(JSON.stringify({ kind: "client", publicKey, size: 1 }));
  const headers = new Headers({ "content-digest": await contentDigestOf(body) });
  return { method: "PUT", path: `/v1/tasks/${task}/members/${me.id}`, headers, body };
}

onTree(
  "region worker: a bad request is refused by its code, and never reaches an object",
  async (setting) => {
    const { clock, committee: { id } } = setting;
    const to = (await offerOf(setting)).region.id;
    const [me, other] = [await generateIdentity(), await generateIdentity()];
    const { sign, send } = speaker(setting, to, me);
    const stranger = speaker(setting, to, other);
    const elsewhere = speaker(setting, other.id, me);
    const enrol = await enrolment(id, me);
    const first = await send(enrol, await sign(enrol));
    assert.equal(first.status, 200);
    const before = await countOf(first);

    const unsigned = (path: string, method = "GET"): [Draft, Headers?] => [{ method, path }];
    const long = { ...enrol, body: new Uint8Array((1 << 16) + 1) };
    const leave = { method: "DELETE", path: enrol.path };
    const poll = `/v1/tasks/${id}/round?after=0&member=${me.id}`;
    const old = { ...clock, now: () => clock.now() - 400_000 };
    const update = await updateOf(id, me, 20);
    const bad: Record<string, [string, [Draft, (Headers | undefined)?]]> = {
      "another task": ["task-unknown", unsigned(`/v1/tasks/${hex32(7)}/status`)],
      "no task at all": ["bad-request", unsigned("/v1/tasks/x/status")],
      "no round": ["bad-request", unsigned(`/v1/tasks/${id}/models/-1`)],
      "a wait without end": ["bad-request", unsigned(`/v1/tasks/${id}/round?wait=61`)],
      "no such address": ["not-found", unsigned("/v1/secrets")],
      "no such method": ["method-not-allowed", unsigned(`/v1/tasks/${id}/status`, "DELETE")],
      "no signature": ["signature-missing", [enrol, enrol.headers]],
      "no signature of who asks": ["signature-missing", unsigned(poll)],
      "another's signature": ["signature-invalid", [enrol, await stranger.sign(enrol)]],
      "for another region": ["region-changed", [enrol, await elsewhere.sign(enrol)]],
      "another path": ["signature-invalid", [leave, await sign({ ...leave, path: "/v1/x" })]],
      "too old": ["signature-expired", [leave, await sign(leave, old)]],
      "too long": ["body-too-long", [long, await sign(long)]],
      "an update of another plan": ["length-mismatch", [update, await sign(update)]],
    };
    for (const [what, [code, [draft, headers]]] of Object.entries(bad)) {
      const response = await send(draft, headers);
      assert.equal(response.headers.get(COUNT_FIELD), null, what);
      assert.equal(await problemCode(response), code, what);
    }
    // Two more have reached it: the worker's own, for what updates of the task look like, and this one.
    const last = await send(leave, await sign(leave));
    assert.equal(last.status, 204);
    assert.equal(await countOf(last), before! + 2);
  },
);

/** An update with headers that are in order, but for the task's plan. */
async function updateOf(task: string, me: Identity, bytes: number): Promise<Draft> {
  const body = new Uint8Array(bytes + 1000);
  const { tree, slices } = await parcelDigest(body);
  const headers = updateHeaders({
    ...{ bytes: body.length, digest: tree, slices, sid: hex32(1), clients: 1, members: undefined },
    evidence: { bytes: 1 << 20, digest: new Uint8Array(32) },
  });
  return { method: "PUT", path: `/v1/tasks/${task}/rounds/1/updates/${me.id}`, headers, body };
}

onTree(
  "region worker: one that starts again takes what is signed, and nothing that it has taken before",
  async (setting) => {
    const { region, committee: { id } } = setting;
    const to = (await offerOf(setting)).region.id;
    await region.killAndStart();
    const me = await generateIdentity();
    const { sign, send } = speaker(setting, to, me);
    const enrol = await enrolment(id, me);
    const headers = await sign(enrol);
    // The object begins with this request, and has it nonetheless.
    assert.equal((await send(enrol, headers)).status, 200);
    assert.equal(await problemCode(await send(enrol, headers)), "request-replayed");

    await region.killAndStart();
    const replayed = await send(enrol, headers);
    const retryAfterS = Number(replayed.headers.get("retry-after"));
    assert.equal(await problemCode(replayed), "signature-expired");
    assert.ok(retryAfterS >= 1 && retryAfterS <= 3, `${retryAfterS}`);
  },
);

onTree(
  "region worker: its list, its health and its description answer for all of its objects",
  async (setting) => {
    const { region, committee: { id, task } } = setting;
    await offerOf(setting);
    const get = async (path: string) => await (await fetch(region.url + path)).json();
    assert.deepEqual(await get("/v1/tasks"), { tasks: [{ task: id, name: task.name }] });
    assert.deepEqual(await get("/healthz"), { status: "ok" });
    assert.equal((await fetch(`${region.url}/readyz`)).status, 200);
    const { paths } = await get("/openapi.json");
    assert.ok("/v1/tasks/{task}/rounds/{round}/updates/{member}" in paths);
  },
);

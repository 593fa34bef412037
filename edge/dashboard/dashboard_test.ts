import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { generateIdentity } from "../../src/core/identity.ts";
import type { LogEntry } from "../../src/wire/log.ts";
import {
  module,
  nodeDigest,
  openRound,
  parcelOf,
  problemCode,
  sendUpdate,
  sumStrategy,
  testMember,
  type TestOptions,
  testPeer,
  testRoot,
  testTask,
} from "../_testing.ts";
import { createAggregatorApp } from "../app.ts";
import { serveAggregator } from "../deno/mod.ts";
import { memoryStore } from "../memory/store.ts";
import { signTask } from "../../src/wire/task.ts";
import { dashboard, type DashboardOptions } from "./mod.ts";

const PARCEL = parcelOf([1, 2, 3, 4]);

async function watchedRoot(options: DashboardOptions = {}, more: TestOptions = {}) {
  return await testRoot({
    observers: [dashboard(options)],
    task: { clients: { min: 2, max: 9 }, stop: { rounds: 5 } },
    ...more,
  });
}

/** One event of a stream. */
interface Heard {
  readonly event: string;
  readonly id: string | undefined;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** Reads the events of an answer, one at a time. */
function eventsOf(answer: Response) {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  async function next(): Promise<Heard | undefined> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const fields = new Map(
          block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]),
        );
        const event = fields.get("event");
        if (event === undefined) continue;
        return { event, id: fields.get("id"), data: JSON.parse(fields.get("data") ?? "") };
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
  }
  return { next, stop: () => reader.cancel() };
}

type Root = Awaited<ReturnType<typeof watchedRoot>>;

async function listen(root: Root, path = "", headers: Record<string, string> = {}) {
  const url = `http://region.test/v1/tasks/${root.id}/events${path}`;
  const answer = await root.fetch(new Request(url, { headers }));
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  return eventsOf(answer);
}

/** Lets a listener go on that has been woken and gathers. */
async function gathered(root: Root): Promise<void> {
  while (root.clock.nextMs > 200) await new Promise((resolve) => setTimeout(resolve, 0));
  root.clock.advance(200);
}

Deno.test("events: a listener hears figures at once, then each entry of the log as it is written", async () => {
  await using root = await watchedRoot();
  const [a, b] = [await testMember(root), await testMember(root)];
  const round = await openRound(a.peer, root.task);
  const events = await listen(root);
  const first = await events.next();
  assert.deepEqual([first?.event, first?.data.phase, first?.data.members], ["status", "open", 2]);
  await sendUpdate(a, round, PARCEL);
  await gathered(root);
  assert.equal((await events.next())?.data.clients, 1);
  await sendUpdate(b, round, PARCEL);
  await openRound(a.peer, root.task, 1);
  await gathered(root);
  const entry = await events.next();
  assert.deepEqual([entry?.event, entry?.id, entry?.data.body.event.kind], [
    ...["entry", "1", "published"],
  ]);
  assert.equal((await events.next())?.data.round, 2);
  await events.stop();
});

Deno.test("events: who comes back with the last number it has hears what it missed, once", async () => {
  await using root = await watchedRoot();
  const [a, b] = [await testMember(root), await testMember(root)];
  for (let round = 1; round <= 3; round++) {
    const open = await openRound(a.peer, root.task, round - 1);
    for (const member of [a, b]) await sendUpdate(member, open, PARCEL);
  }
  await openRound(a.peer, root.task, 3);
  const kindsOf = async (path: string, headers: Record<string, string>) => {
    const events = await listen(root, path, headers);
    const ids: (string | undefined)[] = [];
    for (let heard = await events.next(); heard?.event === "entry"; heard = await events.next()) {
      ids.push(heard.id);
    }
    await events.stop();
    return ids;
  };
  assert.deepEqual(await kindsOf("", { "last-event-id": "1" }), ["2", "3"]);
  assert.deepEqual(await kindsOf("?from=0", {}), ["0", "1", "2", "3"]);
  // A listener that began with an address goes on where it was, not where it began.
  assert.deepEqual(await kindsOf("?from=0", { "last-event-id": "2" }), ["3"]);
  assert.deepEqual(await kindsOf("", {}), []);
});

Deno.test("events: when nothing happens figures come all the same", async () => {
  await using root = await watchedRoot();
  const events = await listen(root);
  await events.next();
  while (root.clock.nextMs > 15_000) await new Promise((resolve) => setTimeout(resolve, 0));
  const before = root.clock.now();
  root.clock.advance(15_000);
  assert.equal((await events.next())?.data.nowMs, before + 15_000);
  await events.stop();
});

Deno.test("events: there is room for so many listeners, and for another once one has left", async () => {
  await using root = await watchedRoot({ listeners: 1 });
  const events = await listen(root);
  await events.next();
  const path = `/v1/tasks/${root.id}/events`;
  const refused = await root.app.request(path);
  assert.equal(refused.headers.get("retry-after"), "5");
  assert.equal(await problemCode(refused), "busy");
  await events.stop();
  const again = await listen(root);
  assert.equal((await again.next())?.event, "status");
  await again.stop();
  assert.equal(
    await problemCode(await root.app.request(`/v1/tasks/${"0".repeat(64)}/events`)),
    "task-unknown",
  );
});

Deno.test("events: whoever asks for the headers alone, or takes nothing for long, has no place for good", async () => {
  await using root = await watchedRoot({ listeners: 1 });
  const path = `/v1/tasks/${root.id}/events`;
  for (let times = 0; times < 3; times++) {
    const head = await root.app.request(path, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-type")], [200, "text/event-stream"]);
  }
  const deaf = await root.app.request(path);
  assert.equal(deaf.status, 200);
  const next = () => root.app.request(path);
  assert.equal(await problemCode(await next()), "busy");
  // Whatever a platform takes off a listener's hands, at some point it takes no more.
  let answer: Response;
  do {
    await new Promise((resolve) => setTimeout(resolve, 0));
    root.clock.advance(30_000);
    answer = await next();
  } while (answer.status === 503);
  await answer.body?.cancel();
});

Deno.test("events: a server stops though somebody listens", async () => {
  const identity = await generateIdentity();
  const server = await serveAggregator({
    ...{ store: memoryStore(), identity, strategy: () => sumStrategy, graceMs: 600_000 },
    observers: [dashboard()],
  });
  await server.ready;
  const { id } = await server.aggregator.own({
    signed: await signTask(testTask(4), identity),
    model: { w: { shape: [4], data: new Float32Array(4) } },
  });
  const events = eventsOf(await fetch(`${server.url}/v1/tasks/${id}/events?from=0`));
  assert.equal((await events.next())?.data.body.event.kind, "created");
  assert.equal((await events.next())?.event, "status");
  // It would wait for ten minutes for an answer that does not end.
  await server[Symbol.asyncDispose]();
  assert.equal(await events.next(), undefined);
});

Deno.test("events: the stream ends when the aggregator is about to stop", async () => {
  await using root = await watchedRoot();
  const events = await listen(root);
  await events.next();
  root.app.aggregator.endPolls();
  assert.equal(await events.next(), undefined);
});

Deno.test("page: it may run its own script and style, and nothing else", async () => {
  await using root = await watchedRoot();
  const answer = await root.app.request("/dashboard");
  const page = await answer.text();
  const policy = answer.headers.get("content-security-policy") ?? "";
  for (const kind of ["script", "style"]) {
    const inside = new RegExp(`<${kind}>(.*?)</${kind}>`, "s").exec(page)?.[1] ?? "";
    assert.ok(inside.length > 1000);
    const hash = createHash("sha256").update(inside).digest("base64");
    assert.ok(policy.includes(`${kind}-src 'sha256-${hash}'`), `${kind}: ${policy}`);
  }
  assert.match(policy, /^default-src 'none';/);
  assert.ok(!policy.includes("unsafe"));
  assert.doesNotMatch(page, /https?:|\sstyle=|\son[a-z]+=/);
});

Deno.test("page: members are named to those who know the token, and numbered to others", async () => {
  await using root = await watchedRoot({ token: "s3cret" });
  const region = await generateIdentity();
  const { peer } = await testMember(root);
  const client = await testMember(root);
  const regionPeer = testPeer(root, region);
  const offer = await peer.task(root.id);
  await regionPeer.enrol(root.id, { kind: "region", size: 40, region: offer.region });
  const read = async (authorization?: string) => {
    const headers = authorization ? { authorization } : {};
    return await (await root.app.request(`/dashboard/tasks/${root.id}`, { headers })).text();
  };
  const ids = [region.id, client.identity.id].map((id) => id.slice(0, 8));
  const named = await read("Bearer s3cret");
  for (const id of ids) assert.ok(named.includes(id));
  for (const others of [await read(), await read("Bearer s3cre"), await read("Bearer s3cret2")]) {
    for (const id of ids) assert.ok(!others.includes(id));
    assert.match(others, /Region 1</);
    assert.match(others, /40 clients/);
  }
});

Deno.test("page: without a token nobody is shown members by their ids", async () => {
  await using root = await watchedRoot();
  const { peer } = await testMember(root);
  const region = await generateIdentity();
  const offer = await peer.task(root.id);
  await testPeer(root, region).enrol(root.id, { kind: "region", size: 40, region: offer.region });
  for (const headers of [{}, { authorization: "Bearer undefined" }]) {
    const answer = await root.app.request(`/dashboard/tasks/${root.id}`, { headers });
    const page = await answer.text();
    assert.match(page, /Region 1</);
    assert.ok(!page.includes(region.id.slice(0, 8)));
  }
});

Deno.test("page: whatever a task's owner calls it and what is in it stands there as text", async () => {
  const evil = `"><img src=x onerror=alert(1)>`;
  const task = {
    ...{ name: evil, model: { kind: "test", note: evil } },
    ...{ clients: { min: 1, max: 9 }, stop: { rounds: 5 } },
  };
  await using root = await watchedRoot({}, { task });
  const member = await testMember(root);
  await sendUpdate(member, await openRound(member.peer, root.task), PARCEL);
  await openRound(member.peer, root.task, 1);
  const page = await (await root.app.request(`/dashboard/tasks/${root.id}`)).text();
  assert.match(page, /<h1>&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;<\/h1>/);
  assert.ok(!page.includes("<img"));
});

Deno.test("page: a log that was changed in the store is told to be bad, and from which entry on", async () => {
  const store = memoryStore();
  const log: typeof store.log = async (...args) =>
    (await store.log(...args)).map(({ seq, entry }) => {
      const { body, ...rest } = entry as unknown as LogEntry;
      const event = { ...body.event, clients: 9 };
      return { seq, entry: { ...rest, body: seq === 2 ? { ...body, event } : body } as never };
    });
  await using root = await watchedRoot({}, { store: { ...store, log } });
  const [a, b] = [await testMember(root), await testMember(root)];
  const read = async () => await (await root.app.request(`/dashboard/tasks/${root.id}`)).text();
  for (let round = 1; round <= 2; round++) {
    const open = await openRound(a.peer, root.task, round - 1);
    for (const member of [a, b]) await sendUpdate(member, open, PARCEL);
    await openRound(a.peer, root.task, round);
    const page = await read();
    if (round === 1) assert.match(page, /checked all 2 entries/);
    else assert.match(page, /does not hold after\s+2\s+entries\. Cannot trust log entry 2/);
  }
});

Deno.test("page: an app without the observer has neither page nor events", async () => {
  const app = createAggregatorApp({
    ...{ store: memoryStore(), module, digest: nodeDigest },
    identity: await generateIdentity(),
    strategy: () => sumStrategy,
  });
  for (const path of ["/dashboard", `/v1/tasks/${"0".repeat(64)}/events`]) {
    assert.equal(await problemCode(await app.request(path)), "not-found");
  }
  await app.aggregator[Symbol.asyncDispose]();
});

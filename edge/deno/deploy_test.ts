import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { toBase64 } from "../../src/core/bytes.ts";
import { generateIdentity, generateStoredIdentity } from "../../src/core/identity.ts";
import { signTask, taskId } from "../../src/wire/task.ts";
import {
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  sumStrategy,
} from "../_testing.ts";
import { openKv } from "../deno_kv/_testing.ts";
import { memoryStore } from "../memory/store.ts";
import type { ServedAggregator } from "../native/aggregator_server.ts";
import { enrolTwo, SERVED_TASK, servedPeer, WORDS, wordsFrom } from "../native/_server_testing.ts";
import { withDatabase } from "../postgres/_testing.ts";
import { type DeployedRegion, type DeployOptions, deployRegion } from "./deploy.ts";
import { serveAggregator } from "./serve.ts";

/** A root with the task, which nobody has joined. */
async function serveRoot(): Promise<ServedAggregator> {
  const identity = await generateIdentity();
  const root = await serveAggregator({
    ...{ store: memoryStore(), identity, strategy: () => sumStrategy },
  });
  await root.ready;
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: await signTask(SERVED_TASK, identity), model });
  return root;
}

/** What a deployment of a region of this root is told. */
async function variablesFor({ url }: ServedAggregator) {
  const { pkcs8 } = await generateStoredIdentity();
  return { IDENTITY: toBase64(pkcs8), PARENT: `${url}/v1/tasks/${await taskId(SERVED_TASK)}` };
}

/** An isolate: the deployment behind a listener, as the platform has it. */
function isolate(options: DeployOptions): AsyncDisposable & { readonly url: string } {
  const region: DeployedRegion = deployRegion({ cron: () => {}, ...options });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request, info) => region.fetch(request, info),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await region[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** A region takes its task up after its first request. */
async function isThere(url: string): Promise<void> {
  while (!(await fetch(`${url}/readyz`).then(async (r) => (await r.body?.cancel(), r.ok))));
}

/** Two isolates of one region take an update each, and the root has the sum of both. */
async function roundOver(root: ServedAggregator, options: readonly [DeployOptions, DeployOptions]) {
  await using first = isolate(options[0]);
  await using second = isolate(options[1]);
  await isThere(first.url);
  await isThere(second.url);
  const { id, a, b, round } = await enrolTwo(first.url);
  await sendUpdate(a, round, parcelOf(wordsFrom(1)));
  const peer = servedPeer(second.url, b.identity);
  await sendUpdate({ identity: b.identity, peer }, round, parcelOf(wordsFrom(5)));
  const top = servedPeer(root.url, b.identity);
  await openRound(top, SERVED_TASK, 1);
  const sum = wordsFrom(1).map((word) => 2 * word + 4);
  assert.deepEqual(await publishedSums(top, id), [await sumDigest(sum)]);
}

Deno.test("deploy: two isolates of a region on Deno KV add to one sum", async () => {
  await using root = await serveRoot();
  const kv = await openKv();
  // Each isolate closes its own connection; here they have one.
  const shared = new Proxy(kv, {
    get(target, name) {
      if (name === "close") return () => {};
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const env = await variablesFor(root);
  const options = { env, openKv: () => Promise.resolve(shared) };
  await roundOver(root, [options, options]);
  kv.close();
});

withDatabase("deploy: two isolates of a region on Postgres add to one sum", async (url, schema) => {
  await using root = await serveRoot();
  const env = { ...await variablesFor(root), DATABASE_URL: `${url}?schema=${schema}` };
  await roundOver(root, [{ env }, { env }]);
});

Deno.test("deploy: a wake begins without a request, and lasts until the next one is near", async () => {
  await using root = await serveRoot();
  const kv = await openKv();
  const wakes: (() => Promise<void>)[] = [];
  const region = deployRegion({
    env: await variablesFor(root),
    openKv: () => Promise.resolve(kv),
    cron: (name, schedule, wake) => {
      assert.deepEqual([name, schedule], ["tributary", "* * * * *"]);
      wakes.push(wake);
    },
  });
  assert.equal(wakes.length, 1);
  let isOver = false;
  const awake = wakes[0]!().then(() => isOver = true);
  while (!(await region.fetch(new Request("http://region.test/readyz"))).ok) await setImmediate();
  assert.equal(isOver, false);
  await region[Symbol.asyncDispose]();
  await awake;
});

Deno.test("deploy: what is missing or malformed is said at once, without telling it", () => {
  const refused = (env: DeployOptions["env"] & object, expected: RegExp) =>
    assert.throws(() => deployRegion({ env, cron: () => {} }), (error: Error) => {
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hunter2/);
      return error instanceof TypeError;
    });
  refused({}, /PARENT/);
  refused({ PARENT: "https://root.example#hunter2" }, /PARENT/);
  const task = `https://root.example/v1/tasks/${"a".repeat(64)}`;
  refused({ PARENT: `${task} ${task.replace("/a", "/b")}` }, /PARENT: 2 tasks, expected one/);
  refused({ PARENT: task }, /IDENTITY/);
  refused({ PARENT: task, IDENTITY: "hunter2!" }, /IDENTITY/);
});

withDatabase("deploy: the example serves without any file", async (database, schema) => {
  await using root = await serveRoot();
  const example = fileURLToPath(new URL("../../examples/deno_deploy/main.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["serve", "--config", config, "--no-check", "--unstable-cron", "--allow-env"],
      ...["--allow-net=127.0.0.1", "--host", "127.0.0.1", "--port", "0", example],
    ],
    env: {
      ...await variablesFor(root),
      ...{ DATABASE_URL: `${database}?schema=${schema}`, NO_COLOR: "1" },
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let said = "";
    while (!/http:\S+\//.test(said)) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`it ended: ${said}`);
      said += value;
    }
    const url = (/http:\S+(?=\/)/.exec(said) ?? [""])[0];
    await isThere(url);
    const { id, a, round } = await enrolTwo(url);
    await sendUpdate(a, round, parcelOf(wordsFrom(1)));
    assert.equal((await a.peer.status(id)).updates, 1);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    while (!(await lines.read()).done);
  }
});

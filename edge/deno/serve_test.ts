import assert from "node:assert/strict";
import { join } from "node:path";
import { signTask } from "../../src/wire/task.ts";
import {
  insideOf,
  openRound,
  parcelOf,
  publishedSums,
  sendUpdate,
  sumDigest,
  sumStrategy,
} from "../_testing.ts";
import type { ServedAggregator, ServeOptions } from "../native/aggregator_server.ts";
import { loadIdentity } from "../native/identity_file.ts";
import {
  connectTo,
  enrolTwo,
  inFolder,
  SERVED_TASK,
  servedPeer,
  type StartOptions,
  testServer,
  uploadHead,
  WORDS,
  wordsFrom,
  writeAll,
} from "../native/_server_testing.ts";
import { testHostile } from "../native/_hostile_testing.ts";
import { serveAggregator } from "./serve.ts";

async function serveRoot(
  folder: string,
  options: Pick<ServeOptions, "limits" | "graceMs"> = {},
): Promise<ServedAggregator> {
  const identity = await loadIdentity(join(folder, "root.key"));
  const store = join(folder, "root.db");
  const root = await serveAggregator({ store, identity, strategy: () => sumStrategy, ...options });
  await root.ready;
  const model = { w: { shape: [WORDS], data: new Float32Array(WORDS) } };
  await root.aggregator.own({ signed: await signTask(SERVED_TASK, identity), model });
  return root;
}

const servers = {
  async start(folder: string, { graceMs, stallMs }: StartOptions) {
    const root = await serveRoot(folder, {
      ...(graceMs === undefined ? {} : { graceMs }),
      ...(stallMs === undefined ? {} : { limits: { stallMs } }),
    });
    let stopped: PromiseLike<void> | undefined;
    return {
      url: root.url,
      stop: async () => void await (stopped ??= root[Symbol.asyncDispose]()),
    };
  },
};
testServer("serve", servers);
testHostile("hostile senders at Deno", servers);

function test(sentence: string, body: (folder: string) => Promise<void>): void {
  Deno.test(`serve: ${sentence}`, () => inFolder(body));
}

test("a round over HTTP and SQLite, with a restart in the middle of it", async (folder) => {
  const first = await serveRoot(folder);
  const { id, a, b, round } = await enrolTwo(first.url);
  await sendUpdate(a, round, parcelOf(wordsFrom(1)));
  await first[Symbol.asyncDispose]();
  await using root = await serveRoot(folder);

  const again = { identity: b.identity, peer: servedPeer(root.url, b.identity) };
  const same = await openRound(again.peer, SERVED_TASK);
  assert.equal(same.sid, round.sid);
  await sendUpdate(again, same, parcelOf(wordsFrom(5)));
  assert.equal((await openRound(again.peer, SERVED_TASK, 1)).model.version, 1);
  const sum = wordsFrom(1).map((word) => 2 * word + 4);
  assert.deepEqual(await publishedSums(again.peer, id), [await sumDigest(sum)]);
});

test("bytes that a sender held who is gone are free for the next one", async (folder) => {
  const limits = { inFlightBytes: WORDS * 4, waitingUploads: 1 };
  await using root = await serveRoot(folder, { limits });
  const { url } = root;
  const { id, a, b, round } = await enrolTwo(url);
  const parcel = parcelOf(wordsFrom(1));
  {
    using socket = await connectTo(url);
    await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
    await writeAll(socket, parcel.subarray(0, 100_000));
  }
  // The one before it held all bytes there are: this one waits until they are free again.
  await sendUpdate(b, round, parcelOf(wordsFrom(5)));
  assert.equal((await a.peer.status(id)).updates, 1);
});

test("a stop does not wait for a stuck sender for ever", async (folder) => {
  const root = await serveRoot(folder, { graceMs: 1 });
  const { url } = root;
  const { id, a, round } = await enrolTwo(url);
  const parcel = parcelOf(wordsFrom(1));
  using socket = await connectTo(url);
  await writeAll(socket, await uploadHead({ url, round, identity: a.identity }, parcel));
  await writeAll(socket, parcel.subarray(0, 100));
  while (insideOf(root.aggregator).world.budget.used === 0) await a.peer.status(id);
  await root[Symbol.asyncDispose]();
});

test("an identity file is made once, for its owner alone, and read again", async (folder) => {
  const path = join(folder, "me.key");
  const [first, again] = [await loadIdentity(path), await loadIdentity(path)];
  assert.equal(first.id, again.id);
  assert.deepEqual(await first.sign(Uint8Array.of(1)), await again.sign(Uint8Array.of(1)));
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.writeTextFile(join(folder, "bad.key"), "no key");
  await assert.rejects(loadIdentity(join(folder, "bad.key")), TypeError);
});

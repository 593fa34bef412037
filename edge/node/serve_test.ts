import assert from "node:assert/strict";
import { join } from "node:path";
import { taskId } from "../../src/wire/task.ts";
import { openRound, parcelOf, publishedSums, sendUpdate, sumDigest } from "../_testing.ts";
import {
  connectTo,
  enrolTwo,
  inFolder,
  readAnswer,
  SERVED_TASK,
  servedPeer,
  type StartOptions,
  testServer,
  wordsFrom,
  writeAll,
} from "../native/_server_testing.ts";
import { testHostile } from "../native/_hostile_testing.ts";
import { withDatabase } from "../postgres/_testing.ts";
import type { NodeProgramOptions } from "./_program_testing.ts";
import { LACKS_NODE, nodeProgram, type NodeServer } from "./_testing.ts";

/** Written once for all tests. */
const program = LACKS_NODE ? undefined : await nodeProgram();
Deno.test.afterAll(async () => await program?.[Symbol.asyncDispose]());

/** Starts a server in Node. */
async function start(options: NodeProgramOptions): Promise<NodeServer> {
  if (program === undefined) throw new Error("no Node");
  return await program.start(options);
}

const servers = {
  ignore: LACKS_NODE,
  start: (folder: string, options: StartOptions) =>
    start({ key: join(folder, "root.key"), task: SERVED_TASK, ...options }),
};
testServer("serve in Node", servers);
testHostile("hostile senders at Node", servers);

function test(sentence: string, body: (folder: string) => Promise<void>): void {
  Deno.test({
    name: `serve in Node: ${sentence}`,
    ignore: LACKS_NODE,
    fn: () => inFolder(body),
  });
}

test(
  "a poll ends when its sender hangs up, and what is no request is answered so",
  async (folder) => {
    const server = await start({ key: join(folder, "root.key"), task: SERVED_TASK });
    const { url } = server;
    const id = await taskId(SERVED_TASK);
    using gone = await connectTo(url);
    await writeAll(gone, `GET /v1/tasks/${id}/round?wait=60 HTTP/1.1\r\nhost: x\r\n\r\n`);
    await gone.closeWrite();
    // Without the end of its half it would wait for a minute.
    assert.match(await readAnswer(gone), /^HTTP\/1.1 204 /);

    using odd = await connectTo(url);
    await writeAll(odd, "GET /v1\\tasks HTTP/1.1\r\nhost: x y\r\n\r\n");
    const answer = await readAnswer(odd);
    assert.match(answer, /^HTTP\/1.1 400 /);
    assert.match(answer, /"code":"bad-request"/);
    await server.stop();
  },
);

test("a SQLite file is refused where there is no SQLite", async (folder) => {
  const { stdout } = await new Deno.Command("node", { args: ["-p", "process.versions.node"] })
    .output();
  const [major = 0, minor = 0] = new TextDecoder().decode(stdout).split(".").map(Number);
  const has = major > 22 || (major === 22 && minor >= 5);
  const options = { key: join(folder, "root.key"), store: join(folder, "root.db") };
  if (has) return await (await start(options)).stop();
  await assert.rejects(
    start(options),
    /Cannot open \S+root\.db: this runtime has no node:sqlite, expected postgres/,
  );
});

withDatabase(
  "serve in Node: a region on Postgres is killed in mid-round, and the sum is whole",
  async (database, schema) => {
    if (LACKS_NODE) return;
    await inFolder(async (folder) => {
      const root = await start({ key: join(folder, "root.key"), task: SERVED_TASK });
      const options = {
        key: join(folder, "region.key"),
        store: `${database}?schema=${schema}`,
        parent: root.url,
      };
      const first = await start(options);
      const { id, a, b, round } = await enrolTwo(first.url);
      await sendUpdate(a, round, parcelOf(wordsFrom(1)));
      await first.kill();
      const again = await start(options);
      const peer = servedPeer(again.url, b.identity);
      await sendUpdate({ identity: b.identity, peer }, round, parcelOf(wordsFrom(5)));
      await openRound(peer, SERVED_TASK, 1);
      const sum = wordsFrom(1).map((word) => 2 * word + 4);
      const top = servedPeer(root.url, b.identity);
      assert.deepEqual(await publishedSums(top, id), [await sumDigest(sum)]);
      await again.stop();
      await root.stop();
    });
  },
);

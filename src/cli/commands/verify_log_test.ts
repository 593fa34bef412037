import assert from "node:assert/strict";
import { serveAggregator } from "../../../edge/deno/mod.ts";
import { smallTask } from "../../client/_testing.ts";
import { fromHex, toBase64Url } from "../../core/bytes.ts";
import { generateIdentity } from "../../core/identity.ts";
import { modelFrom } from "../../models/registry.ts";
import { strategyFrom } from "../../strategy/registry.ts";
import { inlineModule } from "../../wasm/inline.ts";
import { createTrainCore } from "../../wasm/train.ts";
import { appendToLog } from "../../wire/log.ts";
import { signTask, taskId } from "../../wire/task.ts";
import { startTree } from "../../../tests/tree.ts";
import { runHere, testFolder } from "../_testing.ts";

Deno.test("verify-log: an address is checked, and later by the head that was kept, also somebody else's", async () => {
  await using folder = await testFolder();
  await using tree = await startTree({ task: smallTask(), shape: [1], over: "http" });
  const [root, region] = tree.nodes.map(({ url }) => url);
  const [mine, theirs] = [folder.path("mine.json"), folder.path("theirs.json")];
  const verify = (url = "", ...more: string[]) => runHere("verify-log", url, ...more);

  const first = await verify(root, "--seen", mine);
  assert.deepEqual([first.code, first.err], [0, []]);
  assert.match(first.out, /^The log of this root is good: 1 entries\.$/m);
  assert.match(first.out, /^ +seen +for the first time$/m);
  assert.match(
    (await verify(region, "--seen", mine)).out,
    /^The log of this region is good: 1 entries\.$/m,
  );
  const again = await verify(root, "--seen", mine);
  assert.match(again.out, /^ +seen +this log goes on from the head seen before$/m);
  const quick = await verify(root, "--seen", mine, "--quick");
  assert.match(quick.out, /^The head of this log is good: 1 entries, none of them read\.$/m);
  assert.equal(JSON.parse(await Deno.readTextFile(mine)).heads.length, 2);

  await verify(root, "--seen", theirs);
  const both = await verify(root, "--seen", mine, "--against", theirs);
  assert.match(both.out, /^ +seen +this log goes on from all 2 heads seen before$/m);
  const none = await verify(region, "--seen", mine, "--against", theirs);
  assert.deepEqual([none.code, none.err.length], [1, 1]);
  assert.match(none.err[0] ?? "", /has no head of http/);
});

Deno.test("verify-log: a root that begins anew under its old key is found, and both heads are kept", async () => {
  await using folder = await testFolder();
  const file = folder.path("heads.json");
  const heads = async () => JSON.parse(await Deno.readTextFile(file)).heads;
  const identity = await generateIdentity();
  const task = smallTask();
  using core = createTrainCore(await inlineModule("train"));
  const strategy = () => strategyFrom(task.strategy, core);
  /** As a root that was given an empty store instead of its backup. */
  const serveRoot = async (store: string, port = 0) => {
    const served = await serveAggregator({ store, identity, port, strategy });
    const model = modelFrom(task.model, task.train).initial(fromHex(task.seed));
    await served.aggregator.own({ signed: await signTask(task, identity), model });
    return served;
  };
  let url = "";
  {
    await using root = await serveRoot(folder.path("first.db"));
    url = root.url;
    assert.equal((await runHere("verify-log", url, "--seen", file)).code, 0);
  }
  const [before] = await heads();
  await using _root = await serveRoot(folder.path("second.db"), Number(new URL(url).port));
  for (const quick of [[], ["--quick"]]) {
    const { code, err } = await runHere("verify-log", url, "--seen", file, ...quick);
    assert.equal(code, 1);
    assert.match(
      err.join("\n"),
      /contradict each other are kept in .*heads\.json\n.*Cannot trust the log/,
    );
    const [first, ...others] = await heads();
    assert.deepEqual(first, before);
    assert.equal(others[0].head.body.keeper, before.head.body.keeper);
    assert.notEqual(others[0].head.body.root, before.head.body.root);
  }
});

Deno.test("verify-log: a file of heads that is none is refused in one line", async () => {
  await using folder = await testFolder();
  const seen = await folder.write("heads.json", "{}");
  const { code, err } = await runHere("verify-log", "http://127.0.0.1:1", "--seen", seen);
  assert.deepEqual([code, err.length], [1, 1]);
  assert.match(err[0] ?? "", /^tributary: Cannot read .*heads\.json: at heads, /);
});

Deno.test("verify-log: a file of a root's log that somebody else has written is refused", async () => {
  await using folder = await testFolder();
  const [owner, forger] = [await generateIdentity(), await generateIdentity()];
  const task = smallTask();
  const model = { version: 0, digest: "0".repeat(64), bytes: 1 };
  const first = await appendToLog({ kind: "created", model }, {
    ...{ last: undefined, task: await taskId(task), atMs: 1, identity: forger },
  });
  const signer = toBase64Url(forger.publicKey);
  const log = { signed: await signTask(task, owner), signer, entries: [first] };
  const { code, err } = await runHere(
    "verify-log",
    await folder.write("log.json", JSON.stringify(log)),
  );
  assert.equal(code, 1);
  assert.match(err.join(), /keeps it, expected the task's/);
});

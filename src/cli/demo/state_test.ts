import assert from "node:assert/strict";
import { testFolder } from "../_testing.ts";
import { openRunState } from "./state.ts";

const names = ["root", "north", "client/1"];
const figures = {
  ...{ round: 1, clients: 2, seconds: 0.5, bytesUp: 3, bytesDown: 4, metrics: { "hr@10": 0.5 } },
};

Deno.test("run state: a second start finds the keys, the token and the figures of the first", async () => {
  await using folder = await testFolder();
  const path = folder.path("state/one");
  const first = await openRunState(path, { names, fresh: false });
  await first.saveRounds([figures]);
  const second = await openRunState(path, { names, fresh: false });
  assert.deepEqual([first.resumed, second.resumed], [false, true]);
  assert.deepEqual([...second.keys], [...first.keys]);
  assert.deepEqual([...second.keys.keys()], names);
  assert.equal(second.token, first.token);
  assert.deepEqual(second.rounds, [figures]);
});

Deno.test("run state: a fresh start forgets the first", async () => {
  await using folder = await testFolder();
  const path = folder.path("state/one");
  const first = await openRunState(path, { names, fresh: false });
  await first.saveRounds([figures]);
  const second = await openRunState(path, { names, fresh: true });
  assert.deepEqual([second.resumed, second.rounds], [false, []]);
  assert.notEqual(second.token, first.token);
});

Deno.test("run state: at the end it is gone, and others' beside it are not", async () => {
  await using folder = await testFolder();
  const one = await openRunState(folder.path("state/one"), { names, fresh: false });
  const other = await openRunState(folder.path("state/other"), { names, fresh: false });
  await one.remove();
  assert.deepEqual(await folder.list(), ["state", "state/other", "state/other/keys.json"]);
  await other.remove();
  assert.deepEqual(await folder.list(), []);
});

Deno.test("run state: a file that cannot be read is named", async () => {
  await using folder = await testFolder();
  const { path } = await openRunState(folder.path(), { names, fresh: false });
  await Deno.writeTextFile(path("rounds.json"), "[{}]");
  await assert.rejects(openRunState(folder.path(), { names, fresh: false }), {
    code: "bad-data",
    message: /rounds\.json/,
  });
});

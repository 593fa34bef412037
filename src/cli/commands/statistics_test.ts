import assert from "node:assert/strict";
import { runHere, startCli, testFolder } from "../_testing.ts";

const TASK = {
  name: "survey",
  model: {
    kind: "histogram",
    fields: [{ name: "age", edges: [18, 40, 65] }, { name: "hours", edges: [4] }],
  },
  clients: { min: 4, max: 10 },
  stop: { rounds: 1 },
};

/** What each person's device has. */
const PEOPLE = [
  { values: { age: 17, hours: [1, 2] } },
  { values: { age: 30, hours: 9 } },
  { values: { age: 39 } },
  { values: { age: 65, hours: 4 } },
];

Deno.test("statistics: two helpers, a root and four devices count, and anyone can see what", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  const start = (...args: string[]) => stack.use(startCli(folder.path(), ...args));
  const helpers = await Promise.all(["one", "two"].map(async (name) => {
    const helper = start(
      ...["helper", "--store", `${name}.db`, "--identity", `${name}.key`],
      ...["--key", `${name}-shares.key`],
    );
    const [, text = ""] = await helper.said(/^in a task's mask\.helpers: (\{.*\})$/m);
    return JSON.parse(text);
  }));
  const task = { ...TASK, mask: { kind: "two_helper", helpers } };
  await folder.write("survey.json", JSON.stringify(task));
  const root = start("root", "--task", "survey.json", "--store", "root.db", "--identity", "r.key");
  const [, url = ""] = await root.said(/^listening at (http:\S+) as /m);
  await root.said(/^ready$/m);

  const early = await runHere("statistics", url);
  assert.equal(early.code, 1);
  assert.match(
    early.err.join(),
    /Cannot show a statistic: http:\S+ has published none yet, its round/,
  );

  const devices = await Promise.all(PEOPLE.map(async (examples, at) => {
    await folder.write(`person${at}.json`, JSON.stringify(examples));
    return start(
      ...["client", "--region", url, "--examples", `person${at}.json`],
      ...["--identity", `person${at}.key`, "--state", `person${at}.db`],
    );
  }));
  for (const device of devices) {
    const { code, out, err } = await device.ended;
    assert.deepEqual([code, err], [0, ""], out);
    assert.match(out, /^round 1: sent \S+ \S+$/m);
  }

  const { code, out, err } = await runHere("statistics", url);
  assert.deepEqual([code, err], [0, []]);
  const rows = out.split("\n").filter((line) => line.startsWith("│"))
    .map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));
  assert.match(out, /^survey, after 1 round$/m);
  assert.deepEqual(rows, [
    ["age", "clients"],
    ["below 18", "1"],
    ["18 to 40", "2"],
    ["40 to 65", "0"],
    ["65 or more", "1"],
    ["hours", "clients"],
    ["below 4", "1"],
    ["4 or more", "2"],
  ]);
});

Deno.test("statistics: a device without data, or with both kinds, is told what is missing", async () => {
  const device = ["client", "--region", "http://127.0.0.1:1"];
  const none = await runHere(...device);
  assert.deepEqual([none.code, none.err], [
    2,
    ["tributary: expected --data, or --examples for a statistic (see --help)"],
  ]);
  const both = await runHere(...device, "--examples", "a.json", "--data", "b.csv");
  assert.equal(both.code, 2);
  assert.match(both.err.join(), /'--examples <file>' cannot be used with option '--data <path>'/);
});

import assert from "node:assert/strict";
import { runHere, startCli, type TestFolder, testFolder } from "../_testing.ts";

const FILMS = decodeURIComponent(new URL("../../../examples/films.json", import.meta.url).pathname);
const PEOPLE = [0, 1, 2, 3];

/** The task's twelve items, and one file of ratings for each of four people. */
async function writeData(folder: TestFolder): Promise<void> {
  const ids = Array.from({ length: 12 }, (_, at) => `film${at}`);
  const items = ["item,title", ...ids.map((id) => `${id},${id}!`), ""];
  await folder.write("items.csv", items.join("\n"));
  for (const person of PEOPLE) {
    const lines = [3, 4, 5, 6, 7].filter((at) => at % 4 !== person).map((at) => `me,film${at}`);
    await folder.write(`person${person}.csv`, ["who,what", ...lines, ""].join("\n"));
  }
}

/** Starts a helper with files of its own. */
function helperIn(folder: TestFolder, stack: AsyncDisposableStack) {
  return async (name: string, ...more: string[]) => {
    const files = ["--store", `${name}.db`, "--identity", `${name}.key`, "--key", `${name}.shares`];
    const server = stack.use(startCli(folder.path(), "helper", ...files, ...more));
    const [, entry = ""] = await server.said(/^in a task's mask\.helpers: (\{.*\})$/m);
    await server.said(/^ready$/m);
    return {
      ...server,
      entry: JSON.parse(entry) as { url: string; key: string; identity: string },
    };
  };
}

Deno.test("helper: five of them, a masked task, and a restart of two between its rounds", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  await writeData(folder);
  const start = helperIn(folder, stack);
  const names = ["a", "b", "c", "d", "e"];
  const helpers = await Promise.all(names.map((name) => start(name)));
  const urls = helpers.map(({ entry }) => entry.url);
  const asked = await runHere("helpers", ...urls);
  assert.deepEqual([asked.code, asked.err], [0, []]);
  assert.deepEqual(JSON.parse(asked.out), helpers.map(({ entry }) => entry));

  const films = JSON.parse(await Deno.readTextFile(FILMS));
  const mask = { kind: "kahe1", helpers: JSON.parse(asked.out) };
  await folder.write("masked.json", JSON.stringify({ ...films, mask }));
  const root = stack.use(startCli(
    folder.path(),
    ...["root", "--task", "masked.json", "--items", "items.csv"],
    ...["--store", "root.db", "--identity", "root.key"],
  ));
  const [, url = ""] = await root.said(/^listening at (http:\S+) as /m);
  await root.said(/^ {2}mask {5}kahe1, opened by 4 of 5 helpers for 4 clients or more$/m);
  await root.said(/^ready$/m);
  const client = (person: number, ...more: string[]) =>
    stack.use(startCli(
      folder.path(),
      ...["client", "--region", url, "--data", `person${person}.csv`],
      ...["--columns", "user=who,item=what", "--items", "items.csv"],
      ...["--identity", `person${person}.key`, "--state", `person${person}.db`, ...more],
    ));
  const known = helpers.slice(0, 3).map(({ entry }) => entry.identity);
  const insist = ["--insist-mask", "kahe1", "--insist-min", "4", "--insist-helpers", ...known];
  const clients = PEOPLE.map((person) => client(person, ...insist));
  await root.said(/^round 2: open, /m);
  for (const at of [0, 4]) {
    helpers[at]!.interrupt();
    const { code, err } = await helpers[at]!.ended;
    assert.deepEqual([code, err], [0, ""]);
    await start(names[at]!, "--port", new URL(urls[at]!).port);
  }
  for (const one of clients) {
    const { code, out, err } = await one.ended;
    assert.equal(code, 0, out + err);
    assert.match(out, /^round 5: sent \S+ \S+$/m);
  }
  const log = await runHere("verify-log", url, "--seen", folder.path("heads.json"));
  assert.deepEqual([log.code, log.err], [0, []]);
  assert.match(log.out, / 5 with 20 updates in all, 0 abandoned/);
});

Deno.test("helper: what cannot work is refused in one line: a key, a store, an address", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  const refused = async (message: RegExp, ...args: string[]) => {
    const { code, err } = await stack.use(startCli(folder.path(), ...args)).ended;
    assert.equal(code, 1);
    assert.match(err, /^tributary: [^\n]+\n$/);
    assert.match(err, message);
  };
  const { entry } = await helperIn(folder, stack)("one");
  await refused(
    /Cannot use one\.key: it holds no X25519 key, expected one that this program made/,
    ...["helper", "--key", "one.key", "--store", "two.db", "--identity", "two.key"],
  );
  await refused(
    /Cannot use one\.shares: it holds no Ed25519 key/,
    ...["helper", "--key", "one.shares", "--store", "two.db", "--identity", "one.shares"],
  );
  await refused(
    /one\.db/,
    ...["helper", "--store", "one.db", "--key", "two.shares", "--identity", "two.key"],
  );
  await refused(
    /Cannot listen at 127\.0\.0\.1:\d+: address already in use, expected a free port/,
    ...["helper", "--store", "two.db", "--key", "two.shares", "--identity", "two.key"],
    ...["--port", new URL(entry.url).port],
  );
  const nobody = await runHere("helpers", "http://127.0.0.1:1");
  assert.deepEqual([nobody.code, nobody.err.length], [1, 1]);
  const wrong = await runHere("helpers", "ftp://127.0.0.1");
  assert.deepEqual([wrong.code, wrong.err.length], [2, 1]);
});

import assert from "node:assert/strict";
import { runHere, startCli, type TestFolder, testFolder } from "../_testing.ts";

const FILMS = decodeURIComponent(new URL("../../../examples/films.json", import.meta.url).pathname);

/** The task's twelve items, and one file of ratings for each of four people. */
async function writeData(folder: TestFolder): Promise<void> {
  const ids = Array.from({ length: 12 }, (_, at) => `film${at}`);
  await folder.write(
    "items.csv",
    ["item,title", ...ids.map((id) => `${id},${id}!`), ""].join("\n"),
  );
  await folder.write("others.csv", "item,title\nfilm3,A\nfilm4,B\nfilm5,C\nfilm6,D\nfilm7,E\n");
  for (let person = 0; person < 4; person++) {
    const lines = [3, 4, 5, 6, 7].filter((at) => at % 4 !== person).map((at) => `me,film${at}`);
    await folder.write(`person${person}.csv`, ["who,what", ...lines, ""].join("\n"));
  }
}

/** Starts the commands of one test, each with files of its own. */
function commandsIn(folder: TestFolder, stack: AsyncDisposableStack) {
  const start = (...args: string[]) => stack.use(startCli(folder.path(), ...args));
  const files = (name: string) => ["--store", `${name}.db`, "--identity", `${name}.key`];
  return {
    start,
    async serve(name: string, ...args: string[]) {
      const role = name === "root" ? "root" : "region";
      const server = start(role, ...files(name), ...args);
      const [, url = ""] = await server.said(/^listening at (http:\S+) as /m);
      await server.said(/^ready$/m);
      return { ...server, url, port: new URL(url).port };
    },
    client: (person: number, url: string, ...more: string[]) =>
      start(
        ...["client", "--region", url, "--data", `person${person}.csv`],
        ...["--columns", "user=who,item=what", "--items", "items.csv"],
        ...["--identity", `person${person}.key`, "--state", `person${person}.db`, ...more],
      ),
  };
}

Deno.test("serve: a root, two regions and four clients, all of them stopped and started again", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  const { serve, client } = commandsIn(folder, stack);
  await writeData(folder);
  const about = ["--task", FILMS, "--items", "items.csv"];

  let root = await serve("root", ...about);
  const [, task = ""] = await root.said(/^task ([0-9a-f]{64})$/m);
  await root.said(/^films: ials, stepped by als-newton$/m);
  let north = await serve("north", "--parent", root.url);
  const east = await serve("east", "--parent", root.url);
  await north.said(/^region of http/m);
  const early = [client(0, north.url), client(1, east.url), client(2, north.url)];
  for (const one of early) await one.said(/^joined http:\S+ as \S+ for "films"$/m);

  // The fourth one is missing, so nothing has begun when all but one of them go.
  for (const one of early) one.interrupt();
  for (const one of early) {
    const { code, err } = await one.ended;
    assert.equal(code, 130);
    assert.equal(err, "tributary: Stopped; the same command takes part again\n");
  }
  north.interrupt();
  const stopped = await north.ended;
  assert.deepEqual([stopped.code, stopped.err], [0, ""]);
  assert.match(stopped.out, /^Stopped; the next start goes on from here$/m);
  north = await serve("north", "--parent", root.url, "--port", north.port);

  const urls = [north.url, east.url, north.url, east.url];
  const clients = urls.map((url, person) => client(person, url));
  await root.said(/^round 2: open, /m);
  root.interrupt();
  assert.equal((await root.ended).code, 0);
  root = await serve("root", ...about, "--port", root.port);
  for (const one of clients) {
    const { code, out } = await one.ended;
    assert.equal(code, 0, out);
    assert.match(out, /^round 5: sent \S+ \S+$/m);
    assert.match(out, /^the task is finished$/m);
  }

  const seen = ["--seen", folder.path("heads.json")];
  for (const { url } of [root, north, east]) {
    const { code, out, err } = await runHere("verify-log", url, "--task", task, ...seen);
    assert.deepEqual([code, err], [0, []]);
    assert.match(out, / 5 with \d+ updates in all, 0 abandoned/);
  }
  const other = "00".repeat(32);
  const missing = await runHere("verify-log", root.url, "--task", other, ...seen);
  assert.deepEqual([missing.code, missing.err.length], [1, 1]);
  const wrongHead = await runHere("verify-log", root.url, "--head", other, ...seen);
  assert.deepEqual([wrongHead.code, wrongHead.err.length], [1, 1]);
  for (const one of [east, north, root]) {
    one.interrupt();
    assert.equal((await one.ended).code, 0);
  }
});

Deno.test("serve: what cannot work is refused in one line: a port, a key, a store, a device's items", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  const { start, serve, client } = commandsIn(folder, stack);
  await writeData(folder);
  const about = ["--task", FILMS, "--items", "items.csv"];
  const refused = async (message: RegExp, ...args: string[]) => {
    const { code, err } = await start(...args).ended;
    assert.equal(code, 1);
    assert.match(err, /^tributary: [^\n]+\n$/);
    assert.match(err, message);
  };
  const root = await serve("root", ...about, "--join-token", "secret");
  await refused(
    new RegExp(`Cannot listen at 127.0.0.1:${root.port}: address already in use, expected a free`),
    ...["root", ...about, "--store", "second.db", "--identity", "second.key", "--port", root.port],
  );
  await refused(/root\.db/, "root", ...about, "--store", "root.db", "--identity", "root.key");

  const mine = ["client", "--region", root.url, "--data", "person0.csv"];
  const columns = ["--columns", "user=who,item=what"];
  await refused(/these 4 items, .* the task has those of digest/, ...mine, ...columns);
  await refused(/these 5 items/, ...mine, ...columns, "--items", "others.csv");
  await refused(/no column "userId"/, ...mine);
  await refused(
    /found --user you, expected one of 1, such as me/,
    ...mine,
    ...columns,
    "--user",
    "you",
  );
  const stranger = await client(0, root.url).ended;
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /^tributary: Cannot enrol \S+: this aggregator does not admit it\n$/);

  root.interrupt();
  await root.ended;
  await refused(
    /log is another identity/,
    ...["root", ...about, "--store", "root.db", "--identity", "other.key"],
  );
  await refused(
    /root\.db: it holds task [0-9a-f]{64}, expected [0-9a-f]{64}; choose another --store/,
    ...["root", "--task", FILMS, "--store", "root.db", "--identity", "root.key"],
  );
  // Nobody is at the root's address any more.
  const lost = start("region", "--parent", root.url, "--store", "r.db", "--identity", "r.key");
  await lost.said(/^cannot reach the parent at http:\S+; trying again until it answers$/m);
  lost.interrupt();
  const { code, out } = await lost.ended;
  assert.equal(code, 0);
  assert.match(out, /^Stopped; the next start goes on from here$/m);
});

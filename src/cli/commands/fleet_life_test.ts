import assert from "node:assert/strict";
import { runHere, startCli, type TestFolder, testFolder } from "../_testing.ts";

const TASK = {
  name: "films",
  model: { kind: "ials", items: 12, dim: 4 },
  clients: { min: 2, max: 100 },
  roundMs: 6000,
  stop: { rounds: 100 },
};

async function writeData(folder: TestFolder): Promise<void> {
  await folder.write("task.json", JSON.stringify(TASK));
  const ids = Array.from({ length: 12 }, (_, at) => `film${at}`);
  await folder.write(
    "items.csv",
    ["item,title", ...ids.map((id) => `${id},${id}!`), ""].join("\n"),
  );
  for (let person = 0; person < 2; person++) {
    const lines = [3, 4, 5].map((at) => `me,film${at + person}`);
    await folder.write(`person${person}.csv`, ["who,what", ...lines, ""].join("\n"));
  }
}

Deno.test("fleet: tokens, a region that is killed, one that drains and one with a new key, over real processes", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  await writeData(folder);
  const start = (...args: string[]) => stack.use(startCli(folder.path(), ...args));
  const serve = async (name: string, role: string, ...args: string[]) => {
    const server = start(role, "--store", `${name}.db`, "--identity", `${name}.key`, ...args);
    const [, url = "", id = ""] = await server.said(/^listening at (http:\S+) as (\S+)/m);
    await server.said(/^ready$/m);
    return { ...server, url, id };
  };
  const operate = async (name: string, command: string, url: string, ...args: string[]) => {
    const run = await runHere(command, url, "--operator", folder.path(`${name}.key`), ...args);
    assert.deepEqual([run.code, run.err], [0, []]);
    return run.out.trim().split("\n");
  };

  const root = await serve(
    "root",
    "root",
    "--task",
    "task.json",
    "--items",
    "items.csv",
    "--owner-key",
    "owner.key",
  );
  const behind = ["--parent", root.url, "--tickets"];
  const north = await serve("north", "region", ...behind);
  const south = await serve("south", "region", ...behind);
  const tokens = {
    north: await operate("north", "invite", north.url, "--count", "2"),
    south: await operate("south", "invite", south.url, "--count", "2"),
  };
  assert.equal(new Set([...tokens.north, ...tokens.south]).size, 4);
  const client = (person: number, ...more: string[]) =>
    start(
      ...["client", "--data", `person${person}.csv`, "--columns", "user=who,item=what"],
      ...["--items", "items.csv", "--identity", `person${person}.key`],
      ...["--state", `person${person}.db`, ...more],
    );
  // Without a token nobody gets in, and nobody but its operator may ask who is in.
  const outsider = await client(1, "--region", north.url).ended;
  assert.equal(outsider.code, 1);
  assert.match(outsider.err, /does not admit it/);
  const nosy = await runHere("members", north.url, "--operator", folder.path("nosy.key"));
  assert.deepEqual([nosy.code, nosy.err.length], [1, 1]);

  const devices = [0, 1].map((person) =>
    client(
      person,
      ...["--region", north.url, south.url],
      ...["--token", tokens.north[person] ?? "", tokens.south[person] ?? ""],
    )
  );
  for (const device of devices) await device.said(/^round \d+: sent /m);
  const ids = await Promise.all(devices.map(async (device) => {
    const [, url = "", id = ""] = await device.said(/^joined (http:\S+) as (\S+) /m);
    return { url, id };
  }));

  // A region dies; whoever was there takes part at the other one.
  const dying = ids[0]?.url === north.url ? north : south;
  const other = dying === north ? south : north;
  const [dyingName, otherName] = dying === north ? ["north", "south"] : ["south", "north"];
  dying.kill();
  await dying.ended;
  await until(async () => (await operate(otherName, "members", other.url)).length === 2);
  const listed = await operate(otherName, "members", other.url);
  assert.deepEqual(listed, ids.map(({ id }) => `${id} client 1`).sort());

  // It comes back under another key, by which its parent takes it for the old one.
  const files = ["--store", folder.path(`${dyingName}.db`)];
  const keys = ["--identity", folder.path(`${dyingName}.key`)];
  await until(async () => {
    const again = await serve(dyingName, "region", ...behind);
    await operate(dyingName, "drain", again.url);
    const { code, out } = await again.ended;
    assert.equal(code, 0);
    assert.match(out, /^Drained; its members are at other regions$/m);
    const next = ["--new-identity", folder.path("next.key")];
    const { code: rekeyed, err } = await runHere("rekey", ...files, ...keys, ...next);
    assert.deepEqual(err, []);
    return rekeyed === 0;
  });
  const next = start(
    ...["region", "--store", `${dyingName}.db`, "--identity", "next.key", ...behind],
  );
  const [, nextId = ""] = await next.said(/^listening at \S+ as (\S+)/m);
  assert.notEqual(nextId, dying.id);
  await next.said(/^ready$/m);
  const atRoot = async (id: string) =>
    (await operate("root", "members", root.url)).some((line) => line.startsWith(`${id} region `));
  await until(async () => await atRoot(nextId));
  assert.equal(await atRoot(dying.id), false);

  // One of two that are revoked is heard no more.
  const [gone] = ids;
  await operate(otherName, "revoke", other.url, "--member", gone?.id ?? "");
  const { code, err } = await devices[0]!.ended;
  assert.equal(code, 1);
  assert.match(err, /was revoked/);
  const after = await operate(otherName, "members", other.url);
  assert.ok(after.includes(`${gone?.id} revoked`));
});

/** Looks again and again; a process says nothing of what it has come to know. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !await holds(); tries++) {
    assert.ok(tries < 300, "it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

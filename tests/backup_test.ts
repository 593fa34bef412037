import assert from "node:assert/strict";
import process from "node:process";
import { Client } from "pg";
import {
  openRound,
  parcelOf,
  sendUpdate,
  testMember,
  testPeer,
  type TestRoot,
  testRoot,
} from "../edge/_testing.ts";
import { postgresStore } from "../edge/postgres/mod.ts";
import { withDatabase } from "../edge/postgres/_testing.ts";
import { sqliteStore } from "../edge/sqlite/mod.ts";
import type { RoundStore } from "../edge/store.ts";
import { testFolder } from "../src/cli/_testing.ts";
import { checkLog } from "../src/client/check_log.ts";
import { isTributaryError } from "../src/core/errors.ts";
import type { LogHead } from "../src/wire/log_head.ts";
import { movedClock } from "./moved_clock.ts";

const TASK = { clients: { min: 2, max: 9 }, stop: { rounds: 5 } };
/** What was restored waits for the instance that the copy speaks of, as long as that may be alive. */
const LIMITS = { leaseMs: 300 };
const ONE = parcelOf([1, 2, 3, 4]);

/** A root that lost its store in the middle of a round, and goes on from a copy made before. */
async function testRestore(
  store: RoundStore,
  { copy, restore }: {
    copy(): Promise<void> | void;
    restore(): Promise<RoundStore> | RoundStore;
  },
): Promise<void> {
  const heads: LogHead[] = [];
  const look = async (root: TestRoot, known: readonly LogHead[] = heads) => {
    const { fetch, clock } = root;
    const checked = await checkLog("http://region.test", { heads: known, fetch, clock });
    return { ...checked, seen: () => void heads.push(checked.head) };
  };
  const clock = movedClock();
  const before = await testRoot({ store, clock, limits: LIMITS, task: TASK });
  const { identity } = before;
  const members = [await testMember(before), await testMember(before)];
  const send = async (root: TestRoot, at: number, after: number, parcel = ONE) => {
    const member = members[at]!;
    const peer = testPeer(root, member.identity);
    return await sendUpdate({ ...member, peer }, await openRound(peer, root.task, after), parcel);
  };
  await Promise.all([send(before, 0, 0), send(before, 1, 0)]);
  const receipt = await send(before, 0, 1);
  (await look(before)).seen();
  await copy();
  // Then the disk is lost, and with it this update of the second member.
  await send(before, 1, 1, parcelOf([9, 9, 9, 9]));
  await openRound(members[0]!.peer, before.task, 2);
  const late = (await look(before)).head;
  await before[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();

  await using restored = await restore();
  await using root = await testRoot({
    store: restored,
    identity,
    clock,
    limits: LIMITS,
    task: TASK,
  });
  clock.advance(1000);
  // Whoever was acknowledged before the copy is, and what came after it has to come again.
  assert.deepEqual(await send(root, 0, 1), receipt);
  const again = await send(root, 1, 1);
  assert.deepEqual([again.round, again.position], [2, 1]);
  await openRound(testPeer(root, members[0]!.identity), root.task, 2);
  const { summary } = await look(root);
  assert.deepEqual([summary.rounds, summary.clients], [2, 4]);
  // A reader who saw the log after the copy was made sees that it is another one now.
  await assert.rejects(
    look(root, [late]),
    (error: unknown) => isTributaryError(error, "log-forked"),
  );
}

Deno.test("backup: a copy of a SQLite file and its write-ahead log, made at one instant of a round, is gone on from", async () => {
  await using folder = await testFolder();
  const files = ["", "-wal"];
  await testRestore(sqliteStore(folder.path("root.db")), {
    // At once, as a snapshot of the volume is: no write comes between the two.
    copy: () =>
      files.forEach((end) =>
        Deno.copyFileSync(folder.path(`root.db${end}`), folder.path(`copy.db${end}`))
      ),
    restore: () => sqliteStore(folder.path("copy.db")),
  });
});

Deno.test("backup: the SQLite file of a root that was stopped is whole by itself", async () => {
  await using folder = await testFolder();
  const path = folder.path("root.db");
  let id = "";
  let identity;
  {
    await using store = sqliteStore(path);
    await using root = await testRoot({ store, task: TASK });
    ({ id, identity } = root);
    await testMember(root);
  }
  assert.deepEqual(await folder.list(), ["root.db"]);
  await Deno.copyFile(path, folder.path("copy.db"));
  await using store = sqliteStore(folder.path("copy.db"));
  await using root = await testRoot({ store, identity, task: TASK });
  assert.equal(root.id, id);
  assert.equal((await store.members(id)).length, 1);
});

const hasTools = await Promise.all(["pg_dump", "pg_restore"].map(async (tool) => {
  try {
    return (await new Deno.Command(tool, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
})).then((found) => found.every((there) => there));

if (hasTools || process.env["CI"] === "true") {
  withDatabase(
    "backup: a dump of a fleet's schema, made while it works, is gone on from",
    async (url, schema) => {
      await using folder = await testFolder();
      const dump = folder.path("fleet.dump");
      const name = `restored_${crypto.randomUUID().replaceAll("-", "")}`;
      const other = new URL(url);
      other.pathname = `/${name}`;
      const admin = new Client({ connectionString: url });
      await admin.connect();
      try {
        await testRestore(await postgresStore({ url, schema }), {
          copy: () =>
            command("pg_dump", `--schema=${schema}`, "--format=custom", `--file=${dump}`, url),
          async restore() {
            await admin.query(`CREATE DATABASE ${name}`);
            await command("pg_restore", "--no-owner", `--dbname=${other.href}`, dump);
            return await postgresStore({ url: other.href, schema });
          },
        });
      } finally {
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
        await admin.end();
      }
    },
  );
} else {
  Deno.test.ignore("backup: a dump of a fleet's schema (there is no pg_dump here)", () => {});
}

async function command(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

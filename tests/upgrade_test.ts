import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import {
  module,
  nodeDigest,
  openRound,
  parcelOf,
  sendUpdate,
  sumDigest,
  sumStrategy,
  testPeer,
} from "../edge/_testing.ts";
import { createAggregatorApp } from "../edge/app.ts";
import { withDatabase } from "../edge/postgres/_testing.ts";
import { postgresStore } from "../edge/postgres/mod.ts";
import { stepsFrom } from "../edge/postgres/schema.ts";
import { sqliteStore } from "../edge/sqlite/mod.ts";
import type { RoundStore } from "../edge/store.ts";
import { fromBase64, toBase64Url } from "../src/core/bytes.ts";
import { testFolder } from "../src/cli/_testing.ts";
import { importIdentity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { createLogPeer } from "../src/wire/log_peer.ts";
import { planDigest } from "../src/wire/session_id.ts";
import { taskId } from "../src/wire/task.ts";
import { verifyLog } from "../src/wire/verify_log.ts";
import { movedClock } from "./moved_clock.ts";
import kept from "./fixtures/region_format_3.json" with { type: "json" };

/**
 * The file that version d579129 (record format 3, schema 1) left when it was stopped in the middle of
 * round 2 of 3: one of two members had sent, and had its receipt. Its keys are for this test alone.
 */
function writeKept(path: string): void {
  const { applicationId, schemaVersion, schema, rows } = kept.file;
  using db = new DatabaseSync(path);
  db.exec("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL");
  for (const statement of schema) db.exec(statement);
  for (const [table, all] of Object.entries<Record<string, unknown>[]>(rows)) {
    for (const row of all) {
      const names = Object.keys(row);
      const values = names.map((name) => sqlValue(row[name]));
      const places = names.map(() => "?").join(", ");
      db.prepare(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`).run(...values);
    }
  }
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
}

/** The same in Postgres, whose tables of schema 1 have the same columns. */
async function writeKeptInPostgres(url: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: url, options: `-c search_path=${schema}` });
  await client.connect();
  const [first = ""] = stepsFrom(0);
  await client.query(`CREATE SCHEMA ${schema}`);
  await client.query("CREATE TABLE schema_version (version integer NOT NULL)");
  await client.query("INSERT INTO schema_version VALUES (1)");
  await client.query(first);
  for (const [table, all] of Object.entries<Record<string, unknown>[]>(kept.file.rows)) {
    for (const row of all) {
      const names = Object.keys(row).map((name) => `"${name}"`).join(", ");
      const places = Object.keys(row).map((_, at) => `$${at + 1}`).join(", ");
      const values = Object.values(row).map(sqlValue);
      await client.query(`INSERT INTO ${table} (${names}) VALUES (${places})`, values);
    }
  }
  await client.end();
}

function sqlValue(value: unknown): string | number | Uint8Array {
  if (typeof value === "string" || typeof value === "number") return value;
  const { base64 } = value as { readonly base64: string };
  return fromBase64(base64);
}

/** Goes on with what the version before left, to the end of the task. */
async function goOn(store: RoundStore): Promise<void> {
  const [identity, first, second] = await Promise.all(
    [kept.owner, ...kept.members].map((key) => importIdentity(fromBase64(key))),
  );
  // A minute of the round is left; what is signed as a process begins is to be signed again.
  const clock = movedClock(kept.atMs + 1000);
  const task = kept.task as never;
  const id = await taskId(task);
  const app = createAggregatorApp({
    ...{ store, identity: identity!, module, clock, digest: nodeDigest },
    strategy: () => sumStrategy,
  });
  await using _aggregator = app.aggregator;
  await app.aggregator.start();
  clock.advance(1000);
  const at = { fetch: async (request: Request) => await app.fetch(request), clock };
  const members = [first, second].map((who) => ({ identity: who!, peer: testPeer(at, who!) }));

  const round = await openRound(members[0]!.peer, task, 1);
  assert.equal(round.round, 2);
  assert.equal(round.sid, kept.receipt.sid);
  assert.deepEqual(await sendUpdate(members[0]!, round, parcelOf([5, 6, 7, 8])), kept.receipt);
  await assert.rejects(sendUpdate(members[0]!, round, parcelOf([5, 6, 7, 9])), {
    code: "update-conflict",
  });
  await sendUpdate(members[1]!, round, parcelOf([10, 20, 30, 40]));
  const third = await openRound(members[0]!.peer, task, 2);
  for (const member of members) await sendUpdate(member, third, parcelOf([1, 1, 1, 1]));
  const plan = await planDigest(task);
  const end = await members[0]!.peer.round(id, { after: 3, waitS: 60, plan });
  assert.equal(end?.kind, "finished");

  const log = createLogPeer({
    ...{ url: "http://region.test", fetch: at.fetch, clock },
    ...{ identity: identity!, random: systemRandom },
  });
  const keeper = toBase64Url(identity!.publicKey);
  const { body } = await log.head(id, { keeper });
  const entries = await log.entries(id);
  const summary = await verifyLog(entries, { task, signer: keeper, heads: [body] });
  assert.deepEqual([summary.rounds, summary.abandoned, summary.clients, summary.finished], [
    ...[3, 0, 6],
    "rounds",
  ]);
  // What was in the sum before the upgrade is in it once, and so is what came after.
  const sums = entries.flatMap(({ body: { event } }) => "sum" in event ? [event.sum] : []);
  assert.deepEqual(sums.slice(1), [
    await sumDigest([15, 26, 37, 48]),
    await sumDigest([2, 2, 2, 2]),
  ]);
}

const SENTENCE =
  "a root of the version before goes on in the middle of its round, with its receipts and its log";

Deno.test(`upgrade: ${SENTENCE}, in SQLite`, async () => {
  await using folder = await testFolder();
  const path = folder.path("root.db");
  writeKept(path);
  await using store = sqliteStore(path);
  await goOn(store);
});

withDatabase(`upgrade: ${SENTENCE}, in Postgres`, async (url, schema) => {
  await writeKeptInPostgres(url, schema);
  await using store = await postgresStore({ url, schema });
  await goOn(store);
});

import assert from "node:assert/strict";
import { Hono } from "hono";
import { logRoutes } from "../../edge/http/log_routes.ts";
import { memoryStore } from "../../edge/memory/store.ts";
import { readRoutes } from "../../edge/http/read_routes.ts";
import type { TaskHost } from "../../edge/task/task_host.ts";
import { toBase64Url } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import type { Json } from "../core/json.ts";
import { abandoned, chainOf, SAMPLE_ID, START } from "../wire/_log_testing.ts";
import { countingRandom, hex32, manualClock, SAMPLE_TASK } from "../wire/_testing.ts";
import type { LogEntry, LogEvent } from "../wire/log.ts";
import type { LogHead } from "../wire/log_head.ts";
import { signTask } from "../wire/task.ts";
import { checkLog, checkLogHead, type CheckLogOptions } from "./check_log.ts";

const [owner, other] = await Promise.all([generateIdentity(), generateIdentity()]);
const clock = manualClock();
const created: LogEvent = { kind: "created", model: START };

/** Rounds that were abandoned, from one number to another. */
async function rounds(from: number, to: number): Promise<LogEvent[]> {
  return await Promise.all(Array.from({ length: to - from + 1 }, (_, at) => abandoned(from + at)));
}

const GOOD = await chainOf([created, ...await rounds(1, 39)], { identity: owner });

/** Whoever has the keeper's key, and shows these entries by the routes that an aggregator has. */
async function keeperOf(entries: readonly LogEntry[], identity: Identity = owner) {
  const store = memoryStore();
  const log = entries.map((entry, seq) => ({ seq, entry: entry as unknown as Json }));
  await store.write(SAMPLE_ID, 0, { record: null, log });
  const region = { id: identity.id, publicKey: toBase64Url(identity.publicKey) };
  const host = {
    id: SAMPLE_ID,
    offer: { ...await signTask(SAMPLE_TASK, owner), region },
    log: (from: number, limit: number) => {
      const page = entries.slice(from, from + limit);
      return Promise.resolve({ entries: page, next: from + page.length });
    },
  } as Partial<TaskHost> as TaskHost;
  const hosts = { tasks: new Map([[SAMPLE_ID, host]]), isReady: true };
  const app = new Hono();
  const asked: string[] = [];
  app.use(async (c, next) => {
    asked.push(c.req.path.replace(`/v1/tasks/${SAMPLE_ID}`, ""));
    await next();
  });
  // Errors would be problem documents; here there are none to be expected.
  app.route("/", readRoutes(hosts)).route(
    "/",
    logRoutes(hosts, { store, identity, clock }),
  );
  const options = (heads: readonly LogHead[] = []): CheckLogOptions => ({
    heads,
    fetch: async (request) => await app.fetch(request),
    clock,
    random: countingRandom(),
  });
  return {
    asked,
    all: (...heads: LogHead[]) => checkLog("http://root.test", options(heads)),
    quick: (...heads: LogHead[]) => checkLogHead("http://root.test", options(heads)),
    with: (more: CheckLogOptions) => checkLog("http://root.test", { ...options(), ...more }),
  };
}

async function headOf(entries: readonly LogEntry[]): Promise<LogHead> {
  return (await (await keeperOf(entries)).all()).head;
}

const forked = (error: unknown) => isTributaryError(error, "log-forked");

Deno.test("check log: a log is good, and still good from the head that was kept of it", async () => {
  const early = await headOf(GOOD.slice(0, 17));
  const { summary, head } = await (await keeperOf(GOOD)).all(early);
  assert.deepEqual([summary.entries, summary.abandoned], [40, 39]);
  assert.deepEqual([head.body.size, head.body.root], [40, summary.root]);
});

Deno.test("check log: by its head alone nothing of its entries is read", async () => {
  const heads = await Promise.all([1, 16, 17, 40].map((size) => headOf(GOOD.slice(0, size))));
  const keeper = await keeperOf(GOOD);
  assert.equal((await keeper.quick(...heads)).head.body.size, 40);
  assert.deepEqual(keeper.asked, [
    "/v1/tasks",
    "",
    "/log/head",
    ...Array(3).fill("/log/consistency"),
  ]);
});

for (
  const [attack, entries] of [
    ["shows another reader another story", [
      ...GOOD.slice(0, 20),
      ...(await chainOf([await abandoned(20, hex32(99)), ...await rounds(21, 45)], {
        identity: owner,
        first: GOOD.slice(0, 20),
      })).slice(20),
    ]],
    ["leaves out the newest entries", GOOD.slice(0, 30)],
    [
      "has rewritten an entry, and signed all after it anew",
      await chainOf([await abandoned(3, hex32(98)), ...await rounds(4, 39)], {
        identity: owner,
        first: GOOD.slice(0, 3),
      }),
    ],
  ] as const
) {
  Deno.test(`check log: a keeper that ${attack} is found, with its entries and without`, async () => {
    const head = await headOf(GOOD);
    const keeper = await keeperOf(entries);
    // To whoever has seen nothing before it is a good log.
    await keeper.all();
    await assert.rejects(keeper.all(head), forked);
    await assert.rejects(keeper.quick(head), forked);
  });
}

Deno.test("check log: two readers find out that they were told different stories, by one's head", async () => {
  const mine = await headOf(GOOD.slice(0, 25));
  const story = await chainOf([await abandoned(24, hex32(97))], {
    identity: owner,
    first: GOOD.slice(0, 24),
  });
  let kept: LogHead | undefined;
  await assert.rejects(
    (await keeperOf(story)).with({ heads: [mine], seen: (head) => kept = head }),
    forked,
  );
  // Both are of 25 entries, signed by one key, and cannot both be true.
  assert.equal(kept?.body.size, mine.body.size);
  assert.equal(kept.body.keeper, mine.body.keeper);
  assert.notEqual(kept.body.root, mine.body.root);
});

Deno.test("check log: a head from long ago, or from the future, is not the log's head now", async () => {
  const keeper = await keeperOf(GOOD);
  const { head } = await keeper.all();
  for (
    const [ms, says] of [[3_600_001, /60 minutes ago/], [
      -3_600_001,
      /60 minutes from now/,
    ]] as const
  ) {
    const late = { ...clock, now: () => head.body.atMs + ms };
    await assert.rejects(keeper.with({ clock: late }), { code: "log-invalid", message: says });
  }
});

Deno.test("check log: nobody else keeps a root's log, and a keeper's new key is found in it", async () => {
  const strange = await chainOf([created, ...await rounds(1, 3)], { identity: other });
  await assert.rejects((await keeperOf(strange, other)).all(), {
    code: "log-invalid",
    message: /expected the task's/,
  });
  const joined: LogEvent = { kind: "joined", parent: owner.id };
  const region = await chainOf([joined, ...await rounds(1, 3)], { identity: other });
  const keys = [other, owner].map(({ publicKey }) => toBase64Url(publicKey));
  const rekeyed: LogEvent = { kind: "rekeyed", from: keys[0]!, to: keys[1]! };
  const after = await chainOf([rekeyed, { by: owner }, await abandoned(4)], {
    identity: other,
    first: region,
  });
  const { head } = await (await keeperOf(region, other)).all();
  const keeper = await keeperOf(after, owner);
  assert.equal((await keeper.all(head)).summary.keeper, keys[1]);
  await assert.rejects(keeper.quick(head), /unless the whole log says so/);
});

import assert from "node:assert/strict";
import { fromHex, toBase64Url } from "../core/bytes.ts";
import { promptDigest } from "../core/digest.ts";
import { generateIdentity, type Identity, webCheckOf } from "../core/identity.ts";
import { abandoned, chainOf, SAMPLE_ID, START } from "./_log_testing.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import { appendToLog, type LogEntry, type LogEvent } from "./log.ts";
import { type LogHeadBody, logRoot, signLogHead, verifyLogHead } from "./log_head.ts";
import { merkleRoot } from "./merkle.ts";
import { addEntry, frontierRoot, NO_ENTRIES } from "./merkle_frontier.ts";
import { taskId } from "./task.ts";
import { createLogVerifier, verifyLog } from "./verify_log.ts";

const [owner, other] = await Promise.all([generateIdentity(), generateIdentity()]);
const keyOf = ({ publicKey }: Identity) => toBase64Url(publicKey);
const chain = (events: Parameters<typeof chainOf>[0], first: readonly LogEntry[] = []) =>
  chainOf(events, { identity: owner, first });

const GOOD = await chain([
  { kind: "created", model: START },
  await abandoned(1),
  await abandoned(2),
  await abandoned(3),
]);
/** The same keeper's other story: it parts from the first after two entries. */
const FORK = await chain([await abandoned(2, hex32(9)), await abandoned(3)], GOOD.slice(0, 2));

async function headOf(entries: readonly LogEntry[], identity = owner): Promise<LogHeadBody> {
  const root = await logRoot(entries.map(({ hash }) => hash));
  const head = { task: SAMPLE_ID, size: entries.length, root, atMs: 7 };
  return (await signLogHead(head, identity)).body;
}

const check = (entries: readonly LogEntry[], heads: readonly LogHeadBody[], signer = owner) =>
  verifyLog(entries, { task: SAMPLE_TASK, signer: keyOf(signer), heads });

Deno.test("log heads: a log begins with each head that was signed as it grew", async () => {
  const heads = await Promise.all([1, 2, 3, 4].map((size) => headOf(GOOD.slice(0, size))));
  assert.equal((await check(GOOD, heads)).root, heads[3]!.root);
});

Deno.test("log heads: a keeper that tells two readers different stories is found by either's head", async () => {
  await check(FORK, [await headOf(FORK)]);
  const forked = { code: "log-forked", message: /root of its first (3|4) entries/ };
  await assert.rejects(check(FORK, [await headOf(GOOD)]), forked);
  await assert.rejects(check(GOOD, [await headOf(FORK.slice(0, 3))]), forked);
  // What both have seen proves nothing.
  await check(FORK, [await headOf(GOOD.slice(0, 2))]);
});

Deno.test("log heads: a log that was cut, or had an entry rewritten under the same key, is found", async () => {
  const head = await headOf(GOOD);
  for (let length = 1; length < GOOD.length; length++) {
    await assert.rejects(check(GOOD.slice(0, length), [head]), {
      code: "log-forked",
      message:
        `Cannot trust the log: it has ${length} entries, but its keeper has signed a head of 4`,
    });
  }
  const rewritten = await chain([await abandoned(1, hex32(8)), ...[2, 3].map(eventAt)], [GOOD[0]!]);
  await check(rewritten, []);
  await assert.rejects(check(rewritten, [head]), { code: "log-forked" });
});

function eventAt(seq: number): LogEvent {
  return GOOD[seq]!.body.event;
}

Deno.test("log heads: one that was changed, or is another's or of another task, is refused", async () => {
  const root = await logRoot(GOOD.map(({ hash }) => hash));
  const head = await signLogHead({ task: SAMPLE_ID, size: 4, root, atMs: 7 }, owner);
  const expected = { task: SAMPLE_ID, keeper: keyOf(owner) };
  assert.deepEqual(await verifyLogHead(JSON.parse(JSON.stringify(head)), expected), head);
  const { body } = head;
  for (
    const [change, says] of [
      [{ size: 5 }, /signature/],
      [{ root: hex32(1) }, /signature/],
      [{ atMs: 8 }, /signature/],
      [{ task: hex32(1) }, /its task is/],
      [{ keeper: keyOf(other) }, /its keeper is/],
      [{ size: -1 }, /at body.size/],
      [{ note: 1 }, /at body.note/],
    ] as const
  ) {
    const changed = { ...head, body: { ...body, ...change } };
    await assert.rejects(verifyLogHead(changed, expected), { code: "log-invalid", message: says });
  }
  // An entry's signature is none of a head, whatever its bytes.
  const entry = { body, signature: GOOD[3]!.signature };
  await assert.rejects(verifyLogHead(entry, expected), /signature/);
  const stranger = await headOf(GOOD, other);
  await assert.rejects(check(GOOD, [stranger]), { code: "log-invalid", message: /not kept/ });
});

const rekeyed: LogEvent = { kind: "rekeyed", from: keyOf(owner), to: keyOf(other) };

Deno.test("log: a keeper's new key signs what follows, and heads of both keys hold", async () => {
  const entries = await chain([rekeyed, { by: other }, await abandoned(4)], GOOD);
  const heads = [await headOf(GOOD), await headOf(entries, other)];
  const summary = await check(entries, heads, other);
  assert.deepEqual([summary.keeper, summary.entries], [keyOf(other), 6]);
  await assert.rejects(check(entries, []), /its keeper's key is/);
});

Deno.test("log: after the end of its task a keeper may change its key, and nothing else", async () => {
  const finished: LogEvent = { kind: "finished", round: 3, model: START, reason: "minutes" };
  const task = { ...SAMPLE_TASK, stop: { rounds: 3, minutes: 2 } };
  const id = await taskId(task);
  const entries: LogEntry[] = [];
  const add = async (event: LogEvent, identity: Identity) => {
    const last = entries.at(-1);
    entries.push(await appendToLog(event, { last, task: id, atMs: 5, identity }));
  };
  await add({ kind: "created", model: START }, owner);
  await add({ ...finished, round: 0 }, owner);
  await add(rekeyed, owner);
  assert.equal((await verifyLog(entries, { task, signer: keyOf(other) })).entries, 3);
  await add({ ...finished, round: 0 }, other);
  await assert.rejects(verifyLog(entries, { task, signer: keyOf(other) }), /follows the end/);
});

Deno.test("log: who takes a log over without the old key's word is refused", async () => {
  const takenOver = await chain([{ by: other }, await abandoned(4)], GOOD);
  await assert.rejects(check(takenOver, []), /entry 4: its signature/);
  await assert.rejects(check(takenOver, [], other), /entry 0: its signature/);
  const ownWord = await chain([{ by: other }, rekeyed, await abandoned(4)], GOOD);
  await assert.rejects(check(ownWord, [], other), /entry 4: its signature/);
  const oldGoesOn = await chain([rekeyed, await abandoned(4)], GOOD);
  await assert.rejects(check(oldGoesOn, [], other), /entry 5: its signature/);
  const ofAnother = await chain([{ ...rekeyed, from: keyOf(other) } as LogEvent], GOOD);
  await assert.rejects(check(ofAnother, [], other), /entry 0: its signature/);
});

Deno.test("log: a verifier that is given entries as they come says what one of them all says", async () => {
  const verifier = createLogVerifier({ task: SAMPLE_TASK, signer: keyOf(owner) });
  await assert.rejects(verifier.summary(), /it is empty/);
  for (const [at, entry] of GOOD.entries()) {
    await verifier.add(entry);
    assert.deepEqual(await verifier.summary(), await check(GOOD.slice(0, at + 1), []));
  }
  await assert.rejects(verifier.add(GOOD[3]), /entry 4: its seq is 3, expected 4/);
});

Deno.test("merkle: the root of a list that grows is the list's", async () => {
  let list = NO_ENTRIES;
  const entries = Array.from({ length: 70 }, (_, at) => fromHex(hex32(at)));
  for (let size = 0; size <= entries.length; size++) {
    assert.deepEqual(
      await frontierRoot(list, promptDigest),
      await merkleRoot(entries.slice(0, size), promptDigest),
    );
    const entry = entries[size];
    if (entry) list = await addEntry(list, entry, promptDigest);
  }
});

Deno.test("log: under what is no key, or one that anyone can sign for, nothing verifies, however it is checked", async () => {
  const smallOrder = toBase64Url(Uint8Array.from({ length: 32 }, (_, at) => at === 0 ? 1 : 0));
  for (const signer of [smallOrder, "A", "?"]) {
    for (const checkOf of [webCheckOf, () => () => true]) {
      await assert.rejects(verifyLog(GOOD, { task: SAMPLE_TASK, signer, checkOf }), /signature/);
    }
  }
});

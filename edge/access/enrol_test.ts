import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { stranger, testOperator } from "../_operator_testing.ts";
import { openRound, testPeer, testRoot } from "../_testing.ts";
import { admitByAnyOf, admitByTicket, admitByToken } from "./admission.ts";
import { memoryStore } from "../memory/mod.ts";

const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

async function ticketed() {
  const root = await testRoot({ admit: admitByTicket });
  const operator = testOperator(root);
  const { region } = await testPeer(root, root.identity).task(root.id);
  const issue = async (count = 1, seconds = 3600, kind: "client" | "region" = "client") =>
    (await operator.issue(root.id, { region, kind, count, seconds })).tickets;
  return { root, operator, region, issue };
}

Deno.test("enrolment: a one-time token lets one member in, and that one again", async () => {
  const { root, issue } = await ticketed();
  await using _root = root;
  const [token = ""] = await issue();
  const [a, b] = [await stranger(root), await stranger(root)];
  await assert.rejects(a.enrol(), code("member-refused"));
  await a.enrol(token);
  // Its answer may have been lost; and a member needs no token to say so again.
  await a.enrol(token);
  await a.enrol();
  await assert.rejects(b.enrol(token), code("token-spent"));
  assert.equal(root.app.aggregator.tasks.get(root.id)?.status().members, 1);
  // Who has left comes back with what it came with.
  const { region } = await a.peer.task(root.id);
  await a.peer.leave(root.id, { region });
  await assert.rejects(a.enrol(), code("member-refused"));
  await assert.rejects(b.enrol(token), code("token-spent"));
  await a.enrol(token);
});

Deno.test("enrolment: of many who come at once with one token exactly one gets in", async () => {
  const { root, issue } = await ticketed();
  await using _root = root;
  const [token = ""] = await issue();
  const strangers = await Promise.all(Array.from({ length: 8 }, () => stranger(root)));
  const ends = await Promise.allSettled(strangers.map((one) => one.enrol(token)));
  assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 1);
  const refused = ends.flatMap((end) => end.status === "rejected" ? [end.reason.code] : []);
  assert.deepEqual(refused, Array(7).fill("token-spent"));
});

Deno.test("enrolment: a token that is over, of the other kind, or nobody's is refused", async () => {
  const { root, issue } = await ticketed();
  await using _root = root;
  const [brief = ""] = await issue(1, 10);
  const [forRegion = ""] = await issue(1, 3600, "region");
  const one = await stranger(root);
  await assert.rejects(one.enrol(forRegion), code("member-refused"));
  await assert.rejects(one.enrol(`tributary-${"0".repeat(64)}`), code("member-refused"));
  await assert.rejects(one.enrol("something"), code("member-refused"));
  root.clock.advance(11_000);
  await assert.rejects(one.enrol(brief), code("member-refused"));
  // Issuing forgets what is over.
  await issue();
  const names = await root.store.sliceNames(root.id, "access/ticket/");
  assert.equal(names.length, 2);
});

Deno.test("enrolment: what was issued and spent outlives the process, and no token is in the store", async () => {
  const store = memoryStore();
  const identity = await generateIdentity();
  let tokens: readonly string[];
  {
    await using root = await testRoot({ store, identity, admit: admitByTicket });
    const { region } = await testPeer(root, identity).task(root.id);
    const order = { region, kind: "client", count: 2, seconds: 3600 } as const;
    ({ tickets: tokens } = await testOperator(root).issue(root.id, order));
    await (await stranger(root)).enrol(tokens[0]);
    const names = await store.sliceNames(root.id, "");
    for (const token of tokens) {
      assert.ok(!names.some((name) => name.includes(token.replace("tributary-", ""))));
    }
  }
  await using root = await testRoot({ store, identity, admit: admitByTicket });
  const one = await stranger(root);
  await assert.rejects(one.enrol(tokens[0]), code("token-spent"));
  await one.enrol(tokens[1]);
});

Deno.test("enrolment: any of several ways lets somebody in", async () => {
  const admit = admitByAnyOf(admitByToken("shared"), admitByTicket);
  await using root = await testRoot({ admit });
  const { region } = await testPeer(root, root.identity).task(root.id);
  const order = { region, kind: "client", count: 1, seconds: 60 } as const;
  const { tickets: [token] } = await testOperator(root).issue(root.id, order);
  await (await stranger(root)).enrol("shared");
  await (await stranger(root)).enrol(token);
  await assert.rejects((await stranger(root)).enrol("other"), code("member-refused"));
});

Deno.test("enrolment: one that the network held back until its sender had left changes nothing", async () => {
  await using root = await testRoot();
  const identity = await generateIdentity();
  const held: Request[] = [];
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  const enrolment = { kind: "client", size: 1, region } as const;
  await peer.enrol(root.id, enrolment);
  const lost = testPeer({
    ...root,
    fetch: (request) => {
      held.push(request);
      return Promise.reject(new TypeError("connection reset"));
    },
  }, identity);
  await assert.rejects(lost.enrol(root.id, enrolment), code("peer-unreachable"));
  root.clock.advance(1000);
  await peer.leave(root.id, { region });
  const late = await root.fetch(held.at(-1) ?? assert.fail("nothing was held"));
  assert.equal((await late.json()).code, "request-replayed");
  assert.equal(root.app.aggregator.tasks.get(root.id)?.status().members, 0);
  await peer.enrol(root.id, enrolment);
  assert.equal(root.app.aggregator.tasks.get(root.id)?.status().members, 1);
  // What is of no use any more is forgotten when somebody else leaves.
  root.clock.advance(3_600_000);
  const other = await stranger(root);
  await other.enrol();
  await other.peer.leave(root.id, { region });
  const names = await root.store.sliceNames(root.id, "access/left/");
  assert.deepEqual(names.map((name) => name.split("/")[2]), [other.identity.id]);
});

Deno.test("enrolment: a region whose older size arrived last hears so when it asks for a round", async () => {
  await using root = await testRoot();
  const identity = await generateIdentity();
  const peer = testPeer(root, identity);
  const { region } = await peer.task(root.id);
  const plan = await planDigest(root.task);
  const ask = (size: number) =>
    peer.round(root.id, { after: 9, waitS: 0, plan, as: { region, size } });
  await peer.enrol(root.id, { kind: "region", size: 0, region });
  await assert.rejects(ask(1), code("member-unknown"));
  await peer.enrol(root.id, { kind: "region", size: 1, region });
  assert.equal(await ask(1), undefined);
});

Deno.test("enrolment: whoever came with a client's token is no region by it, though it left meanwhile", async () => {
  const { root, region, issue } = await ticketed();
  await using _root = root;
  const [token = ""] = await issue();
  const one = await stranger(root);
  await one.enrol(token);
  const asRegion = { kind: "region", size: 1000, region, token } as const;
  await assert.rejects(one.peer.enrol(root.id, asRegion), code("member-refused"));
  await one.peer.leave(root.id, { region });
  await assert.rejects(one.peer.enrol(root.id, asRegion), code("member-refused"));
  // The other way round too.
  const [forRegion = ""] = await issue(1, 3600, "region");
  const other = await stranger(root);
  await other.peer.enrol(root.id, { ...asRegion, token: forRegion });
  await assert.rejects(other.enrol(forRegion), code("member-refused"));
});

Deno.test("enrolment: strangers that are refused, or play operators, shut no member out", async () => {
  await using root = await testRoot({ limits: { nonces: 640 }, admit: admitByToken("secret") });
  const identity = await generateIdentity();
  const member = testPeer(root, identity);
  const { region } = await member.task(root.id);
  await member.enrol(root.id, { kind: "client", size: 1, region, token: "secret" });
  const codes = new Set<unknown>();
  const tried = (work: Promise<unknown>) => work.catch((error) => void codes.add(error.code));
  for (let at = 0; at < 40; at++) {
    const one = await stranger(root);
    const operator = testOperator(root, one.identity);
    for (let times = 0; times < 5; times++) {
      await tried(one.enrol("wrong"));
      await tried(operator.members(root.id, { region }));
    }
  }
  assert.deepEqual([...codes].sort(), ["busy", "member-refused", "operator-refused"]);
  const { round, sid } = await openRound(member, root.task);
  await member.abstain(root.id, { round, sid, region });
});

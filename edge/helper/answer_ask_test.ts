import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { BUNDLE_BYTES, NODE_BYTES, submissionBytes } from "../../src/wire/evidence.ts";
import { readAnswer } from "../../src/wire/helper_answer.ts";
import { memoryHelperStore } from "../memory/helper_store.ts";
import { ask, type AskChange, putTask, testCommittee, testGroup } from "./_testing.ts";
import type { AnswerRow, HelperStore } from "./store.ts";

const committee = await testCommittee({
  mask: { min: 3, groups: 2 },
  task: { clients: { min: 3, max: 6 } },
});
await putTask(committee);
const [first] = committee.helpers;
const helping = committee.mask.helping!;
/** Length of a client's node as the first helper gets it. */
const NODE = submissionBytes({ envelopes: envelopesOf(), helper: 1 });

function envelopesOf(): number[] {
  return helping.keys.map((_, at) => 82 + helping.shareBytes(at + 1));
}

/** Length of the roster before the nodes: three clients, and one that sends nothing. */
const ROSTER = 4 * 32;

Deno.test("answer: the share of a set under the helper's signature, bound to that set", async () => {
  const group = await testGroup(committee);
  const { bytes } = await ask(committee, group);
  const [row] = await rowsOf(group.sid);
  const share = await readAnswer(bytes!, {
    asked: {
      ...{ task: committee.id, round: 1, sid: group.sid, helper: 1 },
      ...{ clients: 3, members: row!.members },
    },
    publicKey: first!.identity.publicKey,
    shareBytes: helping.answerBytes,
  });
  assert.equal(share.length, 4 * 2048);
  assert.equal(row!.clients, 3);
});

Deno.test("answer: it is written before it is given", async () => {
  const group = await testGroup(committee);
  const { bytes } = await ask(committee, group);
  assert.deepEqual((await rowsOf(group.sid))[0]!.answer, bytes);
});

Deno.test("answer: the same set asked again gets the same bytes, also after a restart", async () => {
  const group = await testGroup(committee, { tree: [1, 2] });
  const { bytes } = await ask(committee, group);
  assert.deepEqual((await ask(committee, group)).bytes, bytes);
  first!.restart();
  assert.deepEqual((await ask(committee, group)).bytes, bytes);
});

Deno.test("answer: another set of an answered sid is refused, overlapping or not, after a restart too", async () => {
  const group = await testGroup(committee, { tree: [6] });
  await ask(committee, { ...group, ...(await setOf(group, [0, 1, 2])) });
  for (const places of [[0, 1, 2, 3], [3, 4, 5], [1, 2, 3]]) {
    const other = { ...group, ...(await setOf(group, places)) };
    assert.equal((await ask(committee, other)).code, "sid-answered", places.join());
    first!.restart();
    assert.equal((await ask(committee, other)).code, "sid-answered", places.join());
  }
});

Deno.test("answer: of two sets asked at once one is answered", async () => {
  const group = await testGroup(committee, { tree: [6] });
  const sets = await Promise.all(
    [[0, 1, 2], [0, 1, 2, 3], [3, 4, 5]].map((it) => setOf(group, it)),
  );
  const all = await Promise.all(sets.map((set) => ask(committee, { ...group, ...set })));
  assert.equal(all.filter(({ bytes }) => bytes !== undefined).length, 1);
  const codes = all.flatMap(({ code }) => code ?? []);
  assert.deepEqual(codes, ["sid-answered", "sid-answered"]);
});

Deno.test("answer: a helper that stops between writing and answering answers the same later", async () => {
  const inner = memoryHelperStore();
  let stops = true;
  const store: HelperStore = {
    ...inner,
    async putAnswer(row: AnswerRow) {
      const written = await inner.putAnswer(row);
      if (stops) throw new Error("the power went out");
      return written;
    },
  };
  const fragile = await testCommittee({
    size: 1,
    mask: { threshold: 1, colluding: 0 },
    app: { store },
  });
  await putTask(fragile);
  const group = await testGroup(fragile, { tree: [4] });
  const set = await setOf(group, [0, 1, 2]);
  assert.equal((await ask(fragile, { ...group, ...set })).code, "internal");
  stops = false;
  fragile.helpers[0]!.restart();
  assert.equal((await ask(fragile, group)).code, "sid-answered");
  const { bytes } = await ask(fragile, { ...group, ...set });
  assert.deepEqual(bytes, (await inner.answer(group.sid))!.answer);
});

Deno.test("answer: what was dropped by policy is not answered again, nor anything else", async () => {
  const forgetful = await testCommittee({
    size: 1,
    mask: { threshold: 1, colluding: 0 },
    app: { keepRounds: 1 },
  });
  await putTask(forgetful);
  const groups = [];
  for (const round of [1, 2, 3]) {
    const group = await testGroup(forgetful, { round, tree: [3] });
    groups.push(group);
    assert.ok((await ask(forgetful, group)).bytes !== undefined);
  }
  const [one, two] = groups;
  assert.equal((await ask(forgetful, one!)).code, "answer-dropped");
  const fewer = { ...one!, ...(await setOf(one!, [0, 1])) };
  assert.equal((await ask(forgetful, fewer)).code, "sid-answered");
  assert.ok((await ask(forgetful, two!)).bytes !== undefined);
});

interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly detail?: RegExp;
  readonly change: AskChange;
}

const refusals: readonly Refusal[] = [
  {
    name: "fewer clients than the task's fewest",
    code: "set-too-small",
    detail: /for 2 clients: expected at least 3/,
    change: { head: { clients: 2 } },
  },
  {
    name: "more clients than a round takes",
    code: "set-too-large",
    change: { head: { clients: 7 } },
  },
  { name: "a group that the task has not", code: "group-unknown", change: { head: { group: 2 } } },
  { name: "another group's sid", code: "sid-mismatch", change: { head: { group: 1 } } },
  { name: "another round's sid", code: "sid-mismatch", change: { head: { round: 2 } } },
  {
    name: "a sid out of thin air",
    code: "sid-mismatch",
    change: { head: { sid: "0".repeat(64) } },
  },
  { name: "another model", code: "sid-mismatch", change: { head: { model: "0".repeat(64) } } },
  { name: "another beacon", code: "sid-mismatch", change: { head: { beacon: "0".repeat(64) } } },
  {
    name: "a roster with one more on it",
    code: "sid-mismatch",
    change: {
      head: { roster: 5 },
      rest: (bytes) => new Uint8Array([...new Uint8Array(32), ...bytes]),
    },
  },
  { name: "a roster with another on it", code: "sid-mismatch", change: { rest: flip(3) } },
  { name: "another helper's number", code: "helper-mismatch", change: { head: { helper: 2 } } },
  {
    name: "another task's digest",
    code: "helper-mismatch",
    change: { head: { task: "0".repeat(64) } },
  },
  {
    name: "a public key that is another's",
    code: "evidence-refused",
    change: { rest: flip(ROSTER + 9) },
  },
  {
    name: "a parcel's digest that was not signed",
    code: "evidence-refused",
    change: { rest: flip(ROSTER + 40) },
  },
  {
    name: "a signature that is none",
    code: "evidence-refused",
    change: { rest: flip(ROSTER + 70) },
  },
  {
    name: "another helper's envelope swapped for a digest that was not signed",
    code: "evidence-refused",
    change: { rest: flip(ROSTER + NODE_BYTES + 33) },
  },
  {
    name: "an envelope that is not the one that was signed",
    code: "evidence-refused",
    detail: /the envelope of helper 1/,
    change: { rest: flip(ROSTER + NODE - 1) },
  },
  { name: "a node of no kind", code: "evidence-malformed", change: { rest: put(ROSTER, 3) } },
  {
    name: "a client twice",
    code: "member-repeated",
    change: {
      rest(bytes) {
        const twice = bytes.slice();
        twice.set(bytes.subarray(ROSTER, ROSTER + NODE), ROSTER + NODE);
        return twice;
      },
    },
  },
  {
    name: "members out of order",
    code: "evidence-malformed",
    change: {
      rest(bytes) {
        const swapped = bytes.slice();
        swapped.set(bytes.subarray(ROSTER, ROSTER + NODE), ROSTER + NODE);
        swapped.set(bytes.subarray(ROSTER + NODE, ROSTER + 2 * NODE), ROSTER);
        return swapped;
      },
    },
  },
  {
    name: "a client less than announced",
    code: "evidence-malformed",
    change: { rest: (bytes) => bytes.slice(0, bytes.length - NODE) },
  },
  {
    name: "fewer members than there are nodes for",
    code: "set-mismatch",
    change: { head: { nodes: 2 } },
  },
  { name: "more clients than announced", code: "set-mismatch", change: { head: { clients: 4 } } },
  {
    name: "another commitment to the set",
    code: "set-mismatch",
    change: { head: { members: "0".repeat(64) } },
  },
  {
    name: "a head with a field too many",
    code: "bad-request",
    change: { head: { more: 1 } as never },
  },
  {
    name: "a head without a beacon",
    code: "bad-request",
    change: { head: { beacon: undefined } as never },
  },
  { name: "a body that ends in its head", code: "body-too-short", change: { body: cut(40) } },
  { name: "a body that ends in its length", code: "body-too-short", change: { body: cut(3) } },
  { name: "no body", code: "body-too-short", change: { body: cut(0) } },
  { name: "a body that ends in its roster", code: "body-too-short", change: { body: cut(700) } },
  {
    name: "a body that ends in a node",
    code: "body-too-short",
    change: { body: (it) => it.slice(0, -9) },
  },
  {
    name: "a body that goes on",
    code: "body-too-long",
    change: { body: (it) => new Uint8Array([...it, 0]) },
  },
  {
    name: "a head that was changed on its way",
    code: "digest-mismatch",
    change: { body: flip(20) },
  },
  {
    name: "a head of a gigabyte",
    code: "bad-request",
    detail: /its head has 1073741824 bytes, expected at most 4096/,
    change: { body: (it) => new Uint8Array([0, 0, 0, 64, ...it.subarray(4)]) },
  },
  {
    name: "a request that nobody signed",
    code: "signature-missing",
    change: { headers: unsigned },
  },
  {
    name: "a signature that does not cover the head",
    code: "signature-invalid",
    change: {
      headers: (headers) =>
        headers.set(
          "signature-input",
          headers.get("signature-input")!.replace(' "tributary-head"', ""),
        ),
    },
  },
];

for (const { name, code, detail, change } of refusals) {
  Deno.test(`answer: ${name} is refused as ${code}, and nothing is written`, async () => {
    const group = await testGroup(committee);
    const refused = await ask(committee, group, change);
    assert.equal(refused.code, code, refused.detail);
    if (detail !== undefined) assert.match(refused.detail!, detail);
    assert.deepEqual(await rowsOf(group.sid), [undefined]);
    // And the set is still to be had.
    assert.ok((await ask(committee, group)).bytes !== undefined);
  });
}

Deno.test("answer: a root that is not the task's owner is refused", async () => {
  const group = await testGroup(committee);
  const { code } = await ask(committee, group, { signer: await generateIdentity() });
  assert.equal(code, "signature-invalid");
});

Deno.test("answer: a member that is not on the roster is refused, whoever signed for it", async () => {
  const group = await testGroup(committee, { tree: [2, 2] });
  // The sid binds a roster without the region.
  const { evidence, nodes, clients } = await testGroup(committee, { tree: [3] });
  const { code } = await ask(committee, { ...group, evidence, nodes, clients });
  // Signed for another roster's sid, so not for this one.
  assert.equal(code, "evidence-refused");
  const stranger = await testGroup(committee, { tree: [3], uninvited: true });
  const refused = await ask(committee, stranger);
  assert.equal(refused.code, "member-unrostered");
  assert.ok(stranger.members.some(({ identity }) => refused.detail!.includes(identity.id)));
});

Deno.test("answer: a client below two regions is refused, though both have signed for it", async () => {
  const group = await testGroup(committee, { tree: [0, 2, 2], shared: true });
  assert.equal((await ask(committee, group)).code, "member-repeated");
});

Deno.test("answer: a region that says other members than it brings is refused", async () => {
  const group = await testGroup(committee, { tree: [0, 2, 2] });
  const less = await ask(committee, group, {
    // The first region's second client is cut out, and its count set down.
    rest(bytes) {
      const roster = 3 * 32;
      const at = roster + BUNDLE_BYTES;
      const changed = new Uint8Array([
        ...bytes.subarray(0, at + NODE),
        ...bytes.subarray(at + 2 * NODE),
      ]);
      changed[at - 4] = 1;
      return changed;
    },
    head: { clients: 3 },
  });
  assert.equal(less.code, "evidence-refused");
});

for (
  const { name, code, spoil } of [
    {
      name: "an envelope in another version",
      code: "envelope-malformed",
      spoil: (envelope: Uint8Array<ArrayBuffer>) => flip(0)(envelope),
    },
    {
      name: "another helper's envelope",
      code: "envelope-misaddressed",
      spoil: (envelope: Uint8Array<ArrayBuffer>) => put(1, 2)(envelope),
    },
    {
      name: "an envelope of another round",
      code: "sid-mismatch",
      spoil: (envelope: Uint8Array<ArrayBuffer>) => flip(5)(envelope),
    },
    {
      name: "an envelope that does not open",
      code: "envelope-refused",
      spoil: (envelope: Uint8Array<ArrayBuffer>) => flip(90)(envelope),
    },
  ]
) {
  Deno.test(`answer: ${name}, signed by its client, is refused as ${code} with the client's id`, async () => {
    const group = await testGroup(committee, {
      spoil: (envelopes, at) =>
        at === 1 ? envelopes.map((it, helper) => helper === 0 ? spoil(it) : it) : envelopes,
    });
    const refused = await ask(committee, group);
    assert.equal(refused.code, code, refused.detail);
    const bad = group.members.find(({ words }) => words[0] === 1)!;
    assert.ok(refused.detail!.includes(bad.identity.id), refused.detail);
    assert.deepEqual(await rowsOf(group.sid), [undefined]);
  });
}

Deno.test("answer: an ask that was seen before is refused as a replay, the root's next one is not", async () => {
  const group = await testGroup(committee);
  let kept: Headers | undefined;
  const { bytes } = await ask(committee, group, {
    headers: (headers) => kept = new Headers(headers),
  });
  const again = await ask(committee, group, {
    headers(headers) {
      for (const [name, value] of kept!) headers.set(name, value);
    },
  });
  assert.equal(again.code, "request-replayed");
  assert.deepEqual((await ask(committee, group)).bytes, bytes);
});

Deno.test("answer: an ask from too long ago or the future is refused", async () => {
  const group = await testGroup(committee);
  for (const ms of [-3_600_000, 3_600_000]) {
    const { clock } = committee;
    const late = { ...clock, now: () => clock.now() + ms };
    const { code } = await ask({ ...committee, clock: late }, group);
    assert.equal(code, "signature-expired");
  }
});

Deno.test("answer: garbage after the head is refused with one of the codes of evidence", async () => {
  const group = await testGroup(committee);
  for (let seed = 1; seed <= 20; seed++) {
    const { code } = await ask(committee, group, {
      rest: (bytes) =>
        bytes.map((byte, at) => at < ROSTER ? byte : byte ^ ((at * seed * 167) & 255)),
    });
    assert.match(code!, /^(evidence-(malformed|refused)|member-repeated|body-too-short)$/);
  }
  assert.deepEqual(await rowsOf(group.sid), [undefined]);
});

async function rowsOf(sid: string): Promise<(AnswerRow | undefined)[]> {
  return [await first!.store.answer(sid)];
}

/** Those of a group's clients as a set of their own. */
function setOf(group: Awaited<ReturnType<typeof testGroup>>, places: readonly number[]) {
  const chosen = places.map((at) => group.members[at]!);
  const evidence = () =>
    (async function* () {
      for (const { evidence } of chosen) yield await Promise.resolve(evidence);
    })();
  return Promise.resolve({ evidence, nodes: chosen.length, clients: chosen.length });
}

function flip(at: number) {
  return (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte, i) => i === at ? byte ^ 1 : byte);
}

function put(at: number, value: number) {
  return (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte, i) => i === at ? value : byte);
}

function cut(length: number) {
  return (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, length);
}

function unsigned(headers: Headers): void {
  headers.delete("signature");
}

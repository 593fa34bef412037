import assert from "node:assert/strict";
import { toHex } from "../../src/core/bytes.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { systemRandom } from "../../src/core/random.ts";
import { sealShare } from "../../src/mask/envelope.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { encodeAnswer } from "../../src/wire/helper_answer.ts";
import { LENGTH_BYTES, readLength } from "../../src/wire/helper_head.ts";
import { module, nodeDigest } from "../_testing.ts";
import {
  type CommitteeOptions,
  type TestCommittee,
  testCommittee,
  type TestGroup,
  testGroup,
} from "../helper/_testing.ts";
import type { LogLine } from "../logger.ts";
import { untraced } from "../trace.ts";
import { openSum, openWith } from "./open_sum.ts";

/** A root over a committee whose requests a test may meddle with, and what it says. */
interface TestRoot {
  readonly committee: TestCommittee;
  readonly said: string[];
  /** Requests by helper, from 1. */
  readonly asked: number[];
  open(group: TestGroup, deadlineMs?: number): Promise<number[]>;
}

/** Answers a request to helper `helper`; `pass` lets it through. */
type Meddle = (
  helper: number,
  request: Request,
  pass: () => Promise<Response>,
) => Promise<Response>;

async function testRoot(
  options: CommitteeOptions = {},
  meddle: Meddle = (_helper, _request, pass) => pass(),
): Promise<TestRoot> {
  const committee = await testCommittee(options);
  const { clock } = committee;
  const said: string[] = [];
  const asked: number[] = [];
  let underway = 0;
  let losses = 0;
  const fetch: Fetch = async (request) => {
    const helper = Number(/helper(\d+)/.exec(request.url)?.[1]);
    asked.push(helper);
    underway++;
    try {
      return await meddle(helper, request, () => committee.fetch(request));
    } catch (error) {
      losses++;
      throw error;
    } finally {
      underway--;
    }
  };
  const world = {
    identity: committee.owner,
    ...{ fetch, clock, module },
    random: systemRandom,
    digest: nodeDigest,
    trace: untraced,
    logger(line: LogLine) {
      if (line.kind === "ask") return;
      if (line.kind !== "failure") throw new Error(`unexpected line ${line.kind}`);
      const { message } = line.error as Error;
      said.push(`${line.doing}: ${message}`);
    },
  };
  return {
    ...{ committee, said, asked },
    async open(group, deadlineMs = 60_000) {
      let isOver = false;
      const opened = openSum(world, group, { deadlineMs }).finally(() => isOver = true);
      opened.catch(() => {});
      // Where a helper is lost, time goes on once nothing else does. What was begun for a request that
      // was ended has some turns to end as well.
      let last = 0;
      for (
        let idle = 0;
        !isOver || underway > 0 || last++ < 50;
        idle = underway === 0 ? idle + 1 : 0
      ) {
        await crypto.subtle.digest("SHA-256", new Uint8Array(64));
        await new Promise((resolve) => setImmediate(resolve));
        if (isOver || idle < 300 || losses === 0 || clock.sleepers === 0) continue;
        clock.advance(clock.nextMs);
        idle = 0;
      }
      return [...new Uint32Array((await opened).buffer)];
    },
  };
}

const lost: Meddle = () => Promise.reject(new TypeError("connection refused"));

/** Some helpers are meddled with; the others are as they are. */
function only(helpers: readonly number[], meddle: Meddle): Meddle {
  return (helper, request, pass) =>
    helpers.includes(helper) ? meddle(helper, request, pass) : pass();
}

/** A helper that answers with a share of its own making, under its own signature. */
function lying(committee: () => TestCommittee): Meddle {
  return async (helper, request, pass) => {
    const response = await pass();
    if (!response.ok || !request.url.endsWith("/answers")) return response;
    const bytes = await response.bytes();
    const length = readLength(bytes);
    const document = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
    const { signature: _, share: __, ...said } = JSON.parse(new TextDecoder().decode(document));
    const share = bytes.slice(LENGTH_BYTES + length);
    const words = new Uint32Array(share.buffer);
    // Of no two helpers so that they cancel.
    words[7] = (words[7]! + 1000 * helper ** 2 + 17) % 1073692673;
    const { identity } = committee().helpers[helper - 1]!;
    return new Response(await encodeAnswer(said, share, { identity, digest: nodeDigest }));
  };
}

Deno.test("open sum: five helpers open the sum of a tree, and nothing is said", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee, { tree: [2, 3, 1] });
  assert.deepEqual(await root.open(group), group.expected);
  assert.deepEqual(root.said, []);
});

Deno.test("open sum: helpers are given the task once, and asked once a group after that", async () => {
  const root = await testRoot({ mask: { groups: 2 } });
  for (const group of [0, 1]) await root.open(await testGroup(root.committee, { group }));
  const requests = [1, 2, 3, 4, 5].map((helper) => root.asked.filter((it) => it === helper).length);
  assert.deepEqual(requests, [4, 4, 4, 4, 4]);
});

Deno.test("open sum: doing it again gives the same words", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee);
  assert.deepEqual(await root.open(group), group.expected);
  for (const helper of root.committee.helpers) helper.restart();
  assert.deepEqual(await root.open(group), group.expected);
});

for (const helper of [1, 2, 3, 4, 5]) {
  Deno.test(`open sum: without helper ${helper} the others open it`, async () => {
    const root = await testRoot({}, only([helper], lost));
    const group = await testGroup(root.committee);
    assert.deepEqual(await root.open(group), group.expected);
    assert.equal(root.said.length, 1);
    assert.match(root.said[0]!, new RegExp(`^asking helper ${helper} about group 0 of round 1: `));
  });
}

Deno.test("open sum: with two helpers lost, shares are missing at the deadline", async () => {
  const root = await testRoot({}, only([2, 5], lost));
  const group = await testGroup(root.committee);
  const beganMs = root.committee.clock.now();
  await assert.rejects(root.open(group, 5000), {
    code: "shares-missing",
    message: "Cannot open group 0 of round 1: 3 helpers answered, 4 must " +
      "(helper 2: peer-unreachable, helper 5: peer-unreachable)",
  });
  assert.ok(root.committee.clock.now() - beganMs >= 5000);
});

Deno.test("open sum: a helper that comes back in time is asked again", async () => {
  let tries = 0;
  const root = await testRoot(
    {},
    only([2, 5], (_helper, _request, pass) => ++tries <= 6 ? lost(0, _request, pass) : pass()),
  );
  const group = await testGroup(root.committee);
  assert.deepEqual(await root.open(group), group.expected);
});

Deno.test("open sum: when two helpers refuse for good, the others are not waited for", async () => {
  const root = await testRoot(
    {},
    (helper, request, pass) => helper === 1 ? lost(1, request, pass) : pass(),
  );
  const group = await testGroup(root.committee);
  const answered = await testGroup(root.committee, { tree: [4] });
  for (const helper of [2, 3]) {
    // They have answered this sid for another set.
    await root.committee.helpers[helper - 1]!.store.putAnswer({
      ...{ sid: group.sid, task: group.task, round: 1, clients: answered.clients },
      members: "0".repeat(64),
      answer: Uint8Array.of(1),
    });
  }
  const beganMs = root.committee.clock.now();
  await assert.rejects(root.open(group), {
    code: "shares-missing",
    message: /helper 2: sid-answered|helper 3: sid-answered/,
  });
  assert.ok(root.committee.clock.now() - beganMs < 10_000);
});

Deno.test("open sum: an answer that another has signed is as good as none, and said", async () => {
  const root: TestRoot = await testRoot(
    {},
    only([3], async (_helper, request) => await root.committee.helpers[3]!.app.fetch(request)),
  );
  const group = await testGroup(root.committee);
  assert.deepEqual(await root.open(group), group.expected);
  assert.equal(root.said.length, 1);
  assert.match(root.said[0]!, /^asking helper 3 .*addressed to this aggregator/);
});

for (const helper of [1, 4, 5]) {
  Deno.test(`open sum: a wrong share of helper ${helper} is left out, and said`, async () => {
    const root: TestRoot = await testRoot({}, only([helper], lying(() => root.committee)));
    const group = await testGroup(root.committee);
    assert.deepEqual(await root.open(group), group.expected);
    assert.deepEqual(root.said, [
      `opening group 0 of round 1: Cannot use all answers: the sum opens without helper ${helper}'s; ` +
      "a helper, or a client of the group, has given a wrong share",
    ]);
  });
}

Deno.test("open sum: two wrong shares of five are too many", async () => {
  const root: TestRoot = await testRoot({}, only([2, 4], lying(() => root.committee)));
  const group = await testGroup(root.committee);
  await assert.rejects(root.open(group), { code: "shares-inconsistent" });
});

Deno.test("open sum: a wrong share among just enough makes noise", async () => {
  const root: TestRoot = await testRoot(
    {},
    (helper, request, pass) =>
      helper === 5
        ? lost(5, request, pass)
        : helper === 2
        ? lying(() => root.committee)(2, request, pass)
        : pass(),
  );
  const group = await testGroup(root.committee);
  await assert.rejects(root.open(group), { code: "noise-excessive" });
});

Deno.test("open sum: of seven helpers with two wrong shares, the five that fit open it", async () => {
  const size = { size: 7, mask: { threshold: 5, colluding: 2 } };
  const root: TestRoot = await testRoot(size, only([3, 6], lying(() => root.committee)));
  const group = await testGroup(root.committee);
  assert.deepEqual(await root.open(group), group.expected);
  assert.match(root.said.join(), /the sum opens without helper \d's and helper \d's;/);
});

Deno.test("open sum: a client with envelopes that two helpers refuse loses its group, and is named", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee, {
    spoil: (envelopes, at) =>
      at !== 2 ? envelopes : envelopes.map((envelope, helper) => {
        if (helper !== 0 && helper !== 3) return envelope;
        return envelope.map((byte, i) => i === 100 ? byte ^ 1 : byte);
      }),
  });
  const bad = group.members.find(({ words }) => words[0] === 2)!;
  await assert.rejects(root.open(group), (error: Error & { code: string }) => {
    assert.equal(error.code, "envelope-refused");
    assert.match(error.message, new RegExp(`^Cannot add the share of client ${bad.identity.id}: `));
    return true;
  });
});

Deno.test("open sum: a client with one envelope that a helper refuses costs that helper's answer alone", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee, {
    spoil: (envelopes, at) =>
      at !== 0
        ? envelopes
        : envelopes.map((envelope, helper) =>
          helper === 4 ? envelope.map((byte, i) => i === 100 ? byte ^ 1 : byte) : envelope
        ),
  });
  assert.deepEqual(await root.open(group), group.expected);
  assert.equal(root.said.length, 1);
  assert.match(root.said[0]!, /^asking helper 5 about group 0 of round 1: .*client /);
});

Deno.test("open sum: a client that seals one helper a share of another key is found like that helper", async () => {
  const root = await testRoot();
  const { helpers } = root.committee;
  // Sealed right, to the right helper, for the right parcel: and not the key's share.
  const wrong = new Uint8Array(4 * 2048).fill(1);
  const group = await testGroup(root.committee, {
    async spoil(envelopes, at, binding) {
      if (at !== 1) return envelopes;
      const envelope = await sealShare(wrong, helpers[4]!.key.publicKey, { ...binding, helper: 5 });
      return envelopes.map((it, helper) => helper === 4 ? envelope : it);
    },
  });
  assert.deepEqual(await root.open(group), group.expected);
  assert.match(
    root.said.join(),
    /without helper 5's; a helper, or a client of the group, has given/,
  );
});

Deno.test("open sum: a parcel that its key does not open makes noise, and no words", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee);
  const sum = group.sum.map((byte, at) => at === 5 ? byte ^ 0x20 : byte);
  await assert.rejects(root.open({ ...group, sum }), { code: "noise-excessive" });
});

Deno.test("open sum: evidence of other clients than the sum is said to hold asks nobody", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee);
  await assert.rejects(root.open({ ...group, clients: 4 }), {
    code: "evidence-malformed",
    message: /the evidence is of 3 clients, expected 4/,
  });
  assert.deepEqual(root.asked, []);
});

Deno.test("open sum: an abort ends the asking with its reason", async () => {
  const { committee } = await testRoot();
  const end = new AbortController();
  const reason = new Error("stopping");
  const group = await testGroup(committee);
  const world = {
    identity: committee.owner,
    fetch: () => {
      end.abort(reason);
      return new Promise<Response>(() => {});
    },
    ...{ clock: committee.clock, random: systemRandom, digest: nodeDigest, module },
    trace: untraced,
    logger(): never {
      throw new Error("nothing to say");
    },
  };
  await assert.rejects(openSum(world, group, { signal: end.signal }), reason);
  assert.equal(committee.clock.sleepers, 0);
});

Deno.test("open with: whichever share is wrong, the words are those of the others", async () => {
  const root = await testRoot();
  const group = await testGroup(root.committee);
  await root.open(group);
  const answers = await answersOf(root.committee, group);
  using core = createAggregateCore(module);
  const { mask, sid, clients, sum, expected } = group;
  for (const { helper } of answers) {
    const wrong = answers.map((answer) =>
      answer.helper !== helper ? answer : {
        helper,
        share: new Uint8Array(answer.share.map((byte, at) => at % 4 === 0 ? byte ^ 1 : byte)),
      }
    );
    const { words, unfit } = await openWith(core, { mask, sid, clients, sum, answers: wrong });
    assert.equal(toHex(words), toHex(new Uint8Array(Uint32Array.from(expected).buffer)));
    assert.deepEqual(unfit, [helper]);
  }
});

Deno.test("open with: two wrong shares that cancel hit another helper, and not the words", async () => {
  const root = await testRoot({ size: 7, mask: { threshold: 5, colluding: 2 } });
  const group = await testGroup(root.committee);
  await root.open(group);
  const answers = await answersOf(root.committee, group);
  // Of 2, 3, 5, 6 and 7 the third and the sixth weigh the same at 0.
  const change = (helper: number, by: number) => {
    const words = new Uint32Array(answers[helper - 1]!.share.slice().buffer);
    words[7] = (words[7]! + by) % 1073692673;
    return { helper, share: new Uint8Array(words.buffer) };
  };
  const wrong = answers.map((answer) =>
    answer.helper === 3 ? change(3, 1) : answer.helper === 6 ? change(6, 1073692672) : answer
  );
  using core = createAggregateCore(module);
  const { mask, sid, clients, sum, expected } = group;
  const { words, unfit } = await openWith(core, { mask, sid, clients, sum, answers: wrong });
  assert.deepEqual([...new Uint32Array(words.buffer)], expected);
  assert.deepEqual(unfit, [1, 4]);
});

/** The shares of all helpers for a group that they have answered for. */
async function answersOf({ helpers }: TestCommittee, { sid }: TestGroup) {
  return await Promise.all(helpers.map(async ({ store }, at) => {
    const bytes = (await store.answer(sid))!.answer!;
    return { helper: at + 1, share: bytes.slice(LENGTH_BYTES + readLength(bytes)) };
  }));
}

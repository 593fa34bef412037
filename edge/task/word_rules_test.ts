import assert from "node:assert/strict";
import {
  askedShare,
  checkNothingSent,
  checkShare,
  checkSpeaker,
  enrolledMember,
  sameUpdate,
} from "./word_rules.ts";
import { abstained } from "./shares.ts";

/** Of one that has abstained. */
const NONE = abstained({ clients: 1, enough: 1, group: 0 });
const WORD = { round: 3, member: "m" };
const ROW = { round: 3, member: "m", position: 0, digest: "aa", sid: "bb", clients: 1 };

Deno.test("word rules: one that is not enrolled is not heard", () => {
  const row = { id: "m", publicKey: "k", kind: "client", size: 1 } as const;
  assert.equal(enrolledMember(row, "m"), row);
  assert.throws(() => enrolledMember(undefined, "m"), { code: "member-unknown" });
});

Deno.test("word rules: a client speaks for itself alone, a region for whom it names", () => {
  checkSpeaker({ kind: "client" }, { clients: 1, members: undefined });
  checkSpeaker({ kind: "region" }, { clients: 9, members: "ab" });
  for (
    const [kind, clients, members] of [
      ["client", 2, undefined],
      ["client", 0, undefined],
      ["client", 1, "ab"],
      ["region", 1, undefined],
    ] as const
  ) {
    assert.throws(() => checkSpeaker({ kind }, { clients, members }), { code: "bad-request" });
  }
});

Deno.test("word rules: the same update is in already, another one conflicts with it", () => {
  assert.equal(sameUpdate(ROW, "aa"), ROW);
  assert.throws(() => sameUpdate(ROW, "ab"), { code: "update-conflict" });
});

Deno.test("word rules: an update stands for as many clients as were asked, or fewer", () => {
  const share = { clients: 3, enough: 2 };
  for (const clients of [0, 1, 3]) checkShare(share, { ...WORD, clients });
  assert.throws(() => checkShare(share, { ...WORD, clients: 4 }), {
    code: "bad-request",
    message: /for 4 clients, expected at most 3/,
  });
  assert.throws(() => checkShare(undefined, { ...WORD, clients: 1 }), { code: "not-asked" });
  assert.throws(() => checkShare(NONE, { ...WORD, clients: 1 }), {
    code: "update-conflict",
    message: /its sender has said that it has none/,
  });
});

Deno.test("word rules: who was not asked cannot abstain, nor who has sent", () => {
  assert.equal(askedShare(NONE, WORD), NONE);
  assert.throws(() => askedShare(undefined, WORD), { code: "not-asked" });
  checkNothingSent(undefined);
  assert.throws(() => checkNothingSent(ROW), { code: "update-conflict" });
});

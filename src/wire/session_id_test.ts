import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import type { OpenRound } from "./round_info.ts";
import { checkSession, groupSession, planDigest, sessionId } from "./session_id.ts";

const SESSION = {
  task: hex32(0x11),
  round: 7,
  model: hex32(0x22),
  plan: hex32(0x33),
  roster: hex32(0x44),
  beacon: hex32(0x55),
};
/** By Python's hashlib over the bytes that the documentation names. */
const SID = "88a6cabdbf43513747de85f165609d1b3ef9e99d2d8bfa9a7391dfefa55046d3";

Deno.test("sid: a known answer", async () => {
  assert.equal(await sessionId(SESSION), SID);
});

Deno.test("sid: changes with each thing that it binds", async () => {
  const seen = new Set([SID]);
  for (const name of ["task", "model", "plan", "roster", "beacon"] as const) {
    seen.add(await sessionId({ ...SESSION, [name]: hex32(0x66) }));
  }
  seen.add(await sessionId({ ...SESSION, round: 8 }));
  seen.add(await sessionId({ ...SESSION, round: 7 + 2 ** 32 }));
  assert.equal(seen.size, 8);
});

Deno.test("group sid: a known answer, and another for each group and round", async () => {
  // By Python's hashlib over the bytes that the documentation names.
  const known = "4e1dd81e1fd4a961990f674126fb8c041e716ee9fb8de160c8b518ad31e24cd5";
  assert.equal(await groupSession(SID, 258), known);
  const others = [await groupSession(SID, 0), await groupSession(SID, 1), SID];
  others.push(await groupSession(hex32(0x11), 258));
  assert.equal(new Set([...others, known]).size, 5);
});

Deno.test("plan digest: changes with clients, mask and update, not with the rest of the task", async () => {
  const plan = await planDigest(SAMPLE_TASK);
  assert.equal(await planDigest({ ...SAMPLE_TASK, name: "other" }), plan);
  assert.notEqual(await planDigest({ ...SAMPLE_TASK, clients: { min: 2, max: 99 } }), plan);
  const mask = { kind: "secagg_plus", neighbours: 8, threshold: 5, min: 2 } as const;
  assert.notEqual(await planDigest({ ...SAMPLE_TASK, mask }), plan);
  assert.notEqual(
    await planDigest({ ...SAMPLE_TASK, update: { ...SAMPLE_TASK.update, slotBits: 20 } }),
    plan,
  );
});

Deno.test("sid: a round under another plan, or with an sid of its own, is refused", async () => {
  const info: OpenRound = {
    kind: "open",
    task: SESSION.task,
    round: SESSION.round,
    sid: SID,
    roster: SESSION.roster,
    beacon: SESSION.beacon,
    model: { version: 6, digest: SESSION.model, bytes: 1 },
    threshold: 1,
    openedAtMs: 0,
    deadlineMs: 1,
    nowMs: 0,
  };
  await checkSession(info, SESSION.plan);
  const refused = (error: unknown) => isTributaryError(error, "peer-invalid");
  await assert.rejects(checkSession(info, hex32(0x34)), refused);
  await assert.rejects(checkSession({ ...info, sid: hex32(1) }, SESSION.plan), refused);
});

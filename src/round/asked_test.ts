import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import type { OpenRound } from "../wire/round_info.ts";
import { hex32, parentRound, sidOf } from "./_testing.ts";
import { isAsked } from "./asked.ts";
import { sampleFractions } from "./fraction.ts";

const id = toBase64Url(new Uint8Array(32).fill(3));
const fraction = await sampleFractions(sidOf(1), webDigest)(id);
const one = { clients: 1, enough: 1 };
const round = (change: Partial<OpenRound>): OpenRound => ({ ...parentRound(1, 0), ...change });
const all = { kind: "all" } as const;
const uniform = { kind: "uniform", count: 2, overSelect: 1 } as const;

Deno.test("asked: a client is, if its region says so and its fraction agrees", async () => {
  const above = fraction + 2 ** -40;
  for (const sampling of [all, uniform, { kind: "poisson", rate: above } as const]) {
    assert.equal(await isAsked(round({ share: one, threshold: above }), { id, sampling }), true);
  }
});

Deno.test("asked: a region may leave any client out", async () => {
  for (const share of [undefined, { clients: 0, enough: 0 }]) {
    const info = round({ ...(share && { share }), threshold: 1 });
    assert.equal(await isAsked(info, { id, sampling: uniform }), false);
  }
});

Deno.test("asked: a region cannot have one train whose fraction is not below its threshold", async () => {
  const info = round({ share: one, threshold: fraction });
  await assert.rejects(isAsked(info, { id, sampling: uniform }), {
    code: "peer-invalid",
    message: /expected one below/,
  });
});

Deno.test("asked: a region cannot sample at more than the task's rate", async () => {
  const info = round({ share: one, threshold: 1 });
  const sampling = { kind: "poisson", rate: 0.5 } as const;
  await assert.rejects(isAsked(info, { id, sampling }), {
    code: "peer-invalid",
    message: /chosen below 1, expected at most 0.5/,
  });
});

Deno.test("asked: another session asks others", async () => {
  const other = await sampleFractions(hex32(9), webDigest)(id);
  const between = (fraction + other) / 2;
  const answers = [1, 9].map((byte) =>
    isAsked(round({ sid: hex32(byte), share: one, threshold: between }), { id, sampling: uniform })
      .catch(() => false)
  );
  assert.deepEqual(await Promise.all(answers), [fraction < other, other < fraction]);
});

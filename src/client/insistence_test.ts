import assert from "node:assert/strict";
import { join } from "./join.ts";
import { generateIdentity } from "../core/identity.ts";
import type { MaskPlan } from "../wire/mask_plan.ts";
import { startTree } from "../../tests/tree.ts";
import { halfWay, smallTask } from "./_testing.ts";
import { checkInsistence, type Insistence } from "./insistence.ts";

const key = (letter: string) => `${letter.repeat(42)}A`;
const helpers = ["a", "b", "c", "d", "e"].map((name) => ({
  url: `https://${name}.test`,
  key: key(name),
  identity: key(name.toUpperCase()),
}));
const KAHE1: MaskPlan = { kind: "kahe1", helpers, threshold: 4, colluding: 2, min: 20, groups: 1 };
const PAIR: MaskPlan = { kind: "two_helper", helpers: helpers.slice(0, 2), min: 20, groups: 1 };
const RELAY: MaskPlan = { kind: "secagg_plus", neighbours: 32, threshold: 22, min: 20 };
const NONE: MaskPlan = { kind: "none" };
const known = (letters: string) => [...letters].map(key);

function refused(mask: MaskPlan, insist: Insistence, sentence: RegExp): void {
  assert.throws(() => checkInsistence({ mask }, insist), {
    code: "task-refused",
    message: sentence,
  });
}

Deno.test("insistence: a device that insists on a mask joins no task without it", () => {
  checkInsistence({ mask: KAHE1 }, { masks: ["kahe1", "secagg_plus"] });
  checkInsistence({ mask: NONE }, {});
  refused(
    NONE,
    { masks: ["kahe1", "secagg_plus"] },
    /it masks by none, expected kahe1 or secagg_plus/,
  );
});

Deno.test("insistence: of a committee as many helpers may be unknown as may collude, and no more", () => {
  checkInsistence({ mask: KAHE1 }, { helpers: known("ABC") });
  checkInsistence({ mask: KAHE1 }, { helpers: known("BDEX") });
  refused(KAHE1, { helpers: known("AB") }, /3 of its 5 helpers are unknown, .* at most 2 are/);
  checkInsistence({ mask: PAIR }, { helpers: known("B") });
  refused(PAIR, { helpers: known("CDE") }, /2 of its 2 helpers are unknown, .* at most 1/);
  // Who has no helpers needs to know none.
  checkInsistence({ mask: RELAY }, { helpers: [] });
  refused(NONE, { helpers: known("ABCDE") }, /0 of its 0 helpers/);
});

Deno.test("insistence: sums of too few clients and budgets that are too large or missing are refused", () => {
  checkInsistence({ mask: KAHE1, privacy: { epsilon: 4 } }, { min: 20, epsilon: 4 });
  refused(KAHE1, { min: 21 }, /it opens sums of 20 clients, expected at least 21/);
  refused(NONE, { min: 2 }, /it opens sums of 1 clients/);
  refused(KAHE1, { epsilon: 4 }, /it promises no ε, expected at most 4/);
  assert.throws(() => checkInsistence({ mask: NONE, privacy: { epsilon: 4.5 } }, { epsilon: 4 }), {
    message: /it promises ε = 4.5, expected at most 4/,
  });
});

Deno.test("insistence: a region that offers less is left before anything was sent to it", async () => {
  const sent: string[] = [];
  await using tree = await startTree({
    task: smallTask(),
    through: (fetch) => async (request) => {
      sent.push(request.method);
      return await fetch(request);
    },
  });
  const identity = await generateIdentity();
  const { fetch, clock } = tree;
  const insist = { masks: ["kahe1"] } as const;
  await assert.rejects(
    join(tree.root.url, { identity, fetch, clock, trainer: halfWay, insist }),
    { code: "task-refused" },
  );
  assert.deepEqual([...new Set(sent)], ["GET"]);
});

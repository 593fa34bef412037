import assert from "node:assert/strict";
import fc from "fast-check";
import { createBudget, type Loan } from "./budget.ts";

const limits = { bytes: 10, waiting: 2, retryAfterS: 3 };

Deno.test("budget: lends what is free at once and takes it back once only", async () => {
  const budget = createBudget(limits);
  const loan = await budget.take(7);
  assert.equal(budget.used, 7);
  loan[Symbol.dispose]();
  loan[Symbol.dispose]();
  assert.equal(budget.used, 0);
});

Deno.test("budget: a small request does not overtake a large one that waits", async () => {
  const budget = createBudget(limits);
  const first = await budget.take(7);
  const order: string[] = [];
  const large = budget.take(9).then((loan) => (order.push("large"), loan));
  const small = budget.take(1).then((loan) => (order.push("small"), loan));
  first[Symbol.dispose]();
  await Promise.all([large, small]);
  assert.deepEqual(order, ["large", "small"]);
  assert.equal(budget.used, 10);
});

Deno.test("budget: one too many waiting is turned away as busy, with a time to come again", async () => {
  const budget = createBudget(limits);
  const loan = await budget.take(10);
  const waiting = [budget.take(1), budget.take(1)];
  await assert.rejects(budget.take(1), { code: "busy", retryAfterS: 3 });
  loan[Symbol.dispose]();
  await Promise.all(waiting);
  assert.equal(budget.used, 2);
});

Deno.test("budget: what can never fit is refused at once", async () => {
  await assert.rejects(createBudget(limits).take(11), { code: "body-too-long" });
});

Deno.test("budget: one that gives up waiting makes room for those behind it", async () => {
  const budget = createBudget(limits);
  await budget.take(5);
  const leaver = new AbortController();
  const large = budget.take(9, leaver.signal);
  const small = budget.take(5);
  leaver.abort(new Error("gone"));
  await assert.rejects(large, /gone/);
  await small;
  assert.equal(budget.used, 10);
  await assert.rejects(budget.take(1, leaver.signal), /gone/);
});

Deno.test("budget: never lends more than it has, and lends to all in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 40 }),
      async (sizes) => {
        const budget = createBudget({ ...limits, waiting: 100 });
        const order: number[] = [];
        await Promise.all(sizes.map(async (bytes, i) => {
          using _loan: Loan = await budget.take(bytes);
          assert.ok(budget.used <= limits.bytes);
          await Promise.resolve();
          order.push(i);
        }));
        assert.equal(budget.used, 0);
        assert.deepEqual(order.toSorted((a, b) => a - b), sizes.map((_, i) => i));
      },
    ),
  );
});

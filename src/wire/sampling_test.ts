import assert from "node:assert/strict";
import * as v from "valibot";
import { rootShare, type Sampling, samplingSchema } from "./sampling.ts";

Deno.test("sampling: each kind is read as it is written", () => {
  const kinds: Sampling[] = [
    { kind: "all" },
    { kind: "poisson", rate: 1 },
    { kind: "uniform", count: 1, overSelect: 1 },
    { kind: "available", count: 100, overSelect: 1.3 },
  ];
  for (const kind of kinds) assert.deepEqual(v.parse(samplingSchema, kind), kind);
});

Deno.test("sampling: what is no way to sample is refused", () => {
  const bad: unknown[] = [
    {},
    { kind: "some" },
    { kind: "all", rate: 0.1 },
    { kind: "poisson" },
    { kind: "poisson", rate: 0 },
    { kind: "poisson", rate: 1.01 },
    { kind: "poisson", rate: NaN },
    { kind: "uniform", count: 0, overSelect: 1 },
    { kind: "uniform", count: 1.5, overSelect: 1 },
    { kind: "uniform", count: 5, overSelect: 0.9 },
    { kind: "available", count: 5, overSelect: 17 },
    { kind: "available", count: 5 },
  ];
  for (const value of bad) {
    assert.equal(v.safeParse(samplingSchema, value).success, false, JSON.stringify(value));
  }
});

Deno.test("sampling: a round asks for its count with what is over-selected, rounded up", () => {
  const asked = (count: number, overSelect: number) =>
    rootShare({ kind: "uniform", count, overSelect }, { max: 1e6 }).clients;
  assert.equal(asked(10, 1), 10);
  assert.equal(asked(10, 1.25), 13);
  assert.equal(asked(100, 1.1), 110);
  assert.equal(asked(3, 1.01), 4);
});

Deno.test("sampling: a round without a count takes as many as the task allows", () => {
  assert.deepEqual(rootShare({ kind: "all" }, { max: 7 }), { clients: 7, enough: 7 });
  assert.deepEqual(rootShare({ kind: "poisson", rate: 0.1 }, { max: 7 }), {
    clients: 7,
    enough: 7,
  });
});

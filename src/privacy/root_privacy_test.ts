import assert from "node:assert/strict";
import type { NamedTensors } from "../core/tensor.ts";
import { createAggregateCore, inlineModule } from "../wasm/mod.ts";
import { nextClip } from "./adaptive_clip.ts";
import { type RootPlan, rootPrivacy, splitPrivacy } from "./root_privacy.ts";

const module = await inlineModule("aggregate");
const seed = new Uint8Array(32).fill(7);
const plan: RootPlan = { clip: 2, stddev: 50, values: 8, mechanism: { kind: "gaussian" } };
const bits = (sum: number): NamedTensors => ({
  "clip/below": { shape: [1], data: Float32Array.of(sum) },
});

Deno.test("root privacy: gaussian noise goes onto the sum once, by its own seed", () => {
  using core = createAggregateCore(module);
  const privacy = rootPrivacy(core, plan);
  assert.deepEqual(privacy.init(), {});
  const noised = (seed: Uint8Array): Int32Array => {
    const steps = new Int32Array(8);
    const opening = privacy.open({}, seed);
    assert.equal(opening.clip, 2);
    opening.addNoise?.(steps);
    assert.deepEqual(opening.kept({}, 3), {});
    return steps;
  };
  assert.deepEqual(noised(seed), noised(seed));
  assert.notDeepEqual(noised(seed), noised(new Uint8Array(32)));
  assert.ok(noised(seed).every((value) => Math.abs(value) < 400));
  assert.ok(noised(seed).some((value) => value !== 0));
});

Deno.test("root privacy: where clients add the noise the root adds none", () => {
  using core = createAggregateCore(module);
  const opening = rootPrivacy(core, { ...plan, mechanism: { kind: "skellam" } }).open({}, seed);
  assert.equal(opening.addNoise, undefined);
});

Deno.test("root privacy: correlated noise takes back a part of the last round's", () => {
  using core = createAggregateCore(module);
  const privacy = rootPrivacy(core, {
    ...{ clip: 1, stddev: 1e6, values: 4 },
    mechanism: { kind: "ftrl", decay: [0.5], weight: [0.25] },
  });
  const [first, second, fresh] = [new Int32Array(4), new Int32Array(4), new Int32Array(4)];
  const opening = privacy.open(privacy.init(), seed);
  opening.addNoise?.(first);
  const state = opening.kept({}, 1);
  const other = new Uint8Array(32).fill(8);
  privacy.open(state, other).addNoise?.(second);
  privacy.open(privacy.init(), other).addNoise?.(fresh);
  second.forEach((value, i) => {
    const expected = (fresh[i] ?? 0) - 0.25 * (first[i] ?? 0);
    assert.ok(Math.abs(value - expected) <= 1, `${value}, expected ${expected}`);
  });
});

Deno.test("root privacy: the bound moves by the noised count of those within, and is published", () => {
  using core = createAggregateCore(module);
  const adaptiveClip = { quantile: 0.5, rate: 0.2 };
  const privacy = rootPrivacy(core, { ...plan, adaptiveClip });
  const state = privacy.init();
  assert.deepEqual(Object.keys(state), ["published/clip"]);
  const opening = privacy.open(state, seed);
  assert.equal(opening.clip, 2);
  // Three of four were within: one half above, three below.
  const next = opening.kept(bits(1), 4);
  const expected = Math.fround(nextClip(2, { ...adaptiveClip, bits: 1, clients: 4 }));
  assert.equal(next["published/clip"]?.data[0], expected);
  assert.ok(expected < 2);
  assert.equal(privacy.open(next, seed).clip, expected);
});

Deno.test("root privacy: no noise moves the bound further than all clients could", () => {
  using core = createAggregateCore(module);
  const adaptiveClip = { quantile: 0.5, rate: 0.2 };
  const privacy = rootPrivacy(core, { ...plan, adaptiveClip });
  const after = (sum: number) =>
    privacy.open(privacy.init(), seed).kept(bits(sum), 4)["published/clip"]?.data[0];
  assert.equal(after(1e30), after(2));
  assert.equal(after(-1e30), after(-2));
  assert.equal(after(-2), Math.fround(2 * Math.exp(0.1)));
});

Deno.test("root privacy: its state is told from the strategy's by name", () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const state = { "m/w": one, "published/control": one, "published/clip": one, "privacy/x": one };
  const { privacy, rest } = splitPrivacy(state);
  assert.deepEqual(Object.keys(privacy), ["published/clip", "privacy/x"]);
  assert.deepEqual(Object.keys(rest), ["m/w", "published/control"]);
});

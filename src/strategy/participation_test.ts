import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";
import { mayTakePart, participating, readAttendance } from "./participation.ts";

function deviceState(): DeviceState {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => Promise.resolve(values.get(key)),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

const rule = { separation: 3, participations: 2 };

/** Versions of the models that a device trains on, of those it is asked for. */
async function trained(versions: readonly number[], state = deviceState()): Promise<number[]> {
  const half = participating(undefined, rule);
  const found: number[] = [];
  for (const [at, version] of versions.entries()) {
    try {
      await half.begin({ round: at + 1, version, published: {}, state });
      found.push(version);
    } catch (error) {
      assert.ok(isTributaryError(error, "nothing-to-send"));
      assert.match(error.message, /expected at most 2, 3 or more apart$/);
    }
  }
  return found;
}

Deno.test("participation: a device sits out until enough models were published, and after its last one", async () => {
  assert.deepEqual(await trained([0, 1, 2, 3, 4, 5, 6, 7, 100]), [0, 3]);
});

Deno.test("participation: a round that was abandoned may be done again, and counts once", async () => {
  assert.deepEqual(await trained([0, 0, 0, 2, 3, 3, 9]), [0, 0, 0, 3, 3]);
});

Deno.test("participation: what the device keeps outlives the process", async () => {
  const state = deviceState();
  assert.deepEqual(await trained([4], state), [4]);
  assert.deepEqual(await readAttendance(state), { version: 4, count: 1 });
  assert.deepEqual(await trained([5, 6, 7, 20], state), [7]);
});

Deno.test("participation: no order of models lets a device come more often, or sooner, than the rule", () => {
  const versions = fc.array(fc.nat(30), { maxLength: 40 });
  return fc.assert(fc.asyncProperty(versions, async (versions) => {
    const distinct = [...new Set(await trained(versions))].sort((a, b) => a - b);
    assert.ok(distinct.length <= rule.participations);
    distinct.slice(1).forEach((version, i) =>
      assert.ok(version - (distinct[i] ?? 0) >= rule.separation, `${distinct}`)
    );
  }));
});

Deno.test("participation: the strategy's own half goes on where the device takes part", async () => {
  const form = (change: object) => change as never;
  const half = participating({
    needs: ["steps"],
    begin: ({ version }) => Promise.resolve(version === 5 ? { form } : {}),
  }, rule);
  assert.deepEqual(half.needs, ["steps"]);
  const state = deviceState();
  const begun = await half.begin({ round: 1, version: 5, published: {}, state });
  assert.equal(begun.form, form);
});

Deno.test("participation: what a device kept that is no attendance is refused", async () => {
  const state = deviceState();
  await state.set("privacy/participation", new Uint8Array(7));
  await assert.rejects(readAttendance(state), { code: "bad-data" });
});

Deno.test("participation: a first time is always allowed", () => {
  assert.ok(mayTakePart(17, { last: undefined, rule }));
  assert.ok(!mayTakePart(17, { last: { version: 15, count: 1 }, rule }));
});

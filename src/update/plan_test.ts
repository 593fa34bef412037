import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import {
  bitsPerValue,
  checkUpdatePlan,
  gridLimit,
  MAX_UPDATE_BYTES,
  updateBytes,
  type UpdatePlan,
  type UpdateTensorSpec,
  updateWords,
} from "./plan.ts";

const W: UpdateTensorSpec = { name: "w", shape: [2, 3], range: 1 };

function plan(over: Partial<UpdatePlan> = {}): UpdatePlan {
  return { tensors: [W], slotBits: 19, maxClients: 610, ...over };
}

function withTensor(over: Partial<UpdateTensorSpec>): UpdatePlan {
  return plan({ tensors: [{ ...W, ...over }] });
}

Deno.test("plan: 610 clients in 19-bit slots leave 9 bits a value", () => {
  assert.equal(bitsPerValue(plan()), 9);
  assert.equal(gridLimit(plan()), 255);
  assert.equal(bitsPerValue(plan({ slotBits: 25, maxClients: 1000 })), 15);
});

Deno.test("plan: float32 caps the bits at 25, however wide the slot", () => {
  assert.equal(bitsPerValue(plan({ slotBits: 32, maxClients: 1 })), 25);
  assert.equal(bitsPerValue(plan({ slotBits: 32, maxClients: 128 })), 25);
  assert.equal(bitsPerValue(plan({ slotBits: 32, maxClients: 129 })), 24);
});

Deno.test("plan: the largest sum fits its slot for any number of clients and any slot", () => {
  const cases = fc.integer({ min: 2, max: 32 }).chain((slotBits) =>
    fc.tuple(fc.constant(slotBits), fc.integer({ min: 1, max: 2 ** (slotBits - 2) }))
  );
  fc.assert(fc.property(cases, ([slotBits, maxClients]) => {
    const bits = bitsPerValue(plan({ slotBits, maxClients }));
    assert.ok(maxClients * 2 * (2 ** (bits - 1) - 1) < 2 ** slotBits);
    // One bit more would not fit, unless float32 is the limit.
    assert.ok(bits === 25 || maxClients * 2 ** (bits + 1) > 2 ** slotBits);
    checkUpdatePlan(plan({ slotBits, maxClients }));
  }));
});

Deno.test("plan: at powers of two and beside them the bits change where the formula says", () => {
  for (let power = 1; power <= 17; power++) {
    const bits = (n: number): number => bitsPerValue(plan({ slotBits: 19, maxClients: n }));
    assert.equal(bits(2 ** power), 19 - power);
    assert.equal(bits(2 ** power - 1), 19 - (power === 1 ? 0 : power));
    if (power < 17) assert.equal(bits(2 ** power + 1), 18 - power);
  }
});

Deno.test("plan: too many clients for a slot are refused with how many would fit", () => {
  assert.throws(
    () => checkUpdatePlan(plan({ slotBits: 12, maxClients: 5000 })),
    refused(
      /^Cannot fit 5000 clients in 12-bit slots: at most 1024 fit at 2 bits a value, the fewest there are$/,
    ),
  );
  checkUpdatePlan(plan({ slotBits: 12, maxClients: 1024 }));
  assert.throws(() => checkUpdatePlan(plan({ slotBits: 12, maxClients: 1025 })), refused(/1025/));
});

Deno.test("plan: sizes that are no sizes are refused by name", () => {
  const cases: [UpdatePlan, RegExp][] = [
    [plan({ slotBits: 33 }), /slots of 33 bits: expected a whole number from 2 to 32/],
    [plan({ slotBits: 1 }), /slots of 1 bits/],
    [plan({ slotBits: 8.5 }), /slots of 8.5 bits/],
    [plan({ maxClients: 0 }), /for 0 clients/],
    [plan({ maxClients: NaN }), /for NaN clients/],
    [plan({ maxClients: 1.5 }), /for 1.5 clients/],
    [plan({ tensors: [] }), /it has no tensor/],
    [plan({ tensors: [W, W] }), /two tensors are called "w"/],
    [withTensor({ name: "" }), /"" is no name/],
    [withTensor({ name: "__proto__" }), /"__proto__" is no name/],
    [withTensor({ shape: [2, 0] }), /tensor "w" of shape \[2,0\]/],
    [withTensor({ shape: [-1] }), /tensor "w" of shape \[-1\]/],
    [withTensor({ shape: [1.5] }), /tensor "w" of shape \[1.5\]/],
    [withTensor({ shape: [NaN] }), /tensor "w" of shape \[NaN\]/],
    [withTensor({ range: 0 }), /tensor "w" over ±0/],
    [withTensor({ range: -1 }), /tensor "w" over ±-1/],
    [withTensor({ range: NaN }), /tensor "w" over ±NaN/],
    [withTensor({ range: Infinity }), /tensor "w" over ±Infinity/],
    [withTensor({ range: 1e-40 }), /tensor "w" over ±1e-40/],
  ];
  for (const [bad, sentence] of cases) {
    assert.throws(() => checkUpdatePlan(bad), refused(sentence));
  }
});

Deno.test("plan: a parcel has four bytes a value, and at most what a region can hold", () => {
  const shapes = plan({ tensors: [W, { name: "s", shape: [], range: 1 }] });
  assert.equal(updateWords(shapes), 7);
  assert.equal(updateBytes(shapes), 28);
  const most = MAX_UPDATE_BYTES / 4;
  checkUpdatePlan(withTensor({ shape: [most] }));
  assert.throws(
    () => checkUpdatePlan(withTensor({ shape: [most + 1] })),
    refused(/an update of 268435460 bytes: at most 268435456 fit a region/),
  );
  const huge = Array.from({ length: 40 }, () => 2 ** 52);
  assert.throws(() => checkUpdatePlan(withTensor({ shape: huge })), refused(/Infinity bytes/));
});

function refused(sentence: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isTributaryError(error, "task-refused"), String(error));
    assert.match(error.message, sentence);
    return true;
  };
}

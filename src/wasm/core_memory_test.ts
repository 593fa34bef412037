import assert from "node:assert/strict";
import fc from "fast-check";
import { CoreMemory } from "./core_memory.ts";

const PAGE_BYTES = 65_536;

function arena(maximum = 64): { memory: CoreMemory; start: number } {
  const linear = new WebAssembly.Memory({ initial: 2, maximum });
  return { memory: new CoreMemory(() => linear), start: 2 * PAGE_BYTES };
}

Deno.test("core memory: spans start above the module's own memory, aligned, one after the other", () => {
  const { memory, start } = arena();
  assert.deepEqual(memory.alloc(1), { ptr: start, bytes: 1 });
  assert.deepEqual(memory.alloc(0), { ptr: start + 16, bytes: 0 });
  assert.deepEqual(memory.alloc(17), { ptr: start + 16, bytes: 17 });
  assert.deepEqual(memory.alloc(4), { ptr: start + 48, bytes: 4 });
});

Deno.test("core memory: it grows by the pages that are missing and by no more", () => {
  const { memory, start } = arena();
  assert.equal(memory.bytes, start);
  memory.alloc(PAGE_BYTES);
  assert.equal(memory.bytes, start + PAGE_BYTES);
  memory.alloc(1);
  memory.alloc(PAGE_BYTES - 16);
  assert.equal(memory.bytes, start + 2 * PAGE_BYTES);
});

Deno.test("core memory: what is released is given out again, with what was left in it", () => {
  const { memory } = arena();
  const kept = memory.alloc(8);
  const mark = memory.mark();
  const scratch = memory.alloc(100);
  memory.u8(scratch).fill(7);
  memory.release(mark);
  assert.throws(() => memory.u8(scratch), RangeError);
  assert.deepEqual(memory.alloc(100), scratch);
  assert.equal(memory.u8(scratch)[99], 7);
  assert.equal(memory.u8(kept).length, 8);
});

Deno.test("core memory: views of one span share its bytes, in little-endian order", () => {
  const { memory } = arena();
  const span = memory.alloc(8);
  memory.u8(span).set([0, 0, 0x80, 0xbf, 0xff, 0xff, 0xff, 0xff]);
  assert.deepEqual([...memory.u32(span)], [0xbf800000, 0xffffffff]);
  assert.deepEqual([...memory.i32(span)], [-1082130432, -1]);
  assert.equal(memory.f32(span)[0], -1);
  memory.f64(span)[0] = 2;
  assert.deepEqual([...memory.u8(span)], [0, 0, 0, 0, 0, 0, 0, 0x40]);
});

Deno.test("core memory: content survives growth, though old views do not", () => {
  const { memory } = arena();
  const span = memory.alloc(16);
  const old = memory.u32(span);
  old.set([1, 2, 3, 4]);
  memory.alloc(PAGE_BYTES);
  assert.equal(old.length, 0);
  assert.deepEqual([...memory.u32(span)], [1, 2, 3, 4]);
});

Deno.test("core memory: sizes, marks and spans that do not fit are refused, and change nothing", () => {
  const { memory, start } = arena(3);
  const span = memory.alloc(64);
  const mark = memory.mark();
  for (const bytes of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => memory.alloc(bytes), /^RangeError: Cannot allocate .* bytes: expected/);
  }
  assert.throws(
    () => memory.alloc(2 * PAGE_BYTES),
    /^RangeError: Cannot allocate 131072 bytes: memory holds 196608 and cannot grow by 2 pages$/,
  );
  for (const place of [start - 16, mark + 16, mark - 1, NaN]) {
    assert.throws(() => memory.release(place), /^RangeError: Cannot release to/);
  }
  for (
    const wrong of [
      { ptr: 0, bytes: 4 },
      { ptr: start - 16, bytes: 32 },
      { ptr: span.ptr, bytes: 68 },
      { ptr: span.ptr, bytes: -4 },
      { ptr: NaN, bytes: 4 },
      { ptr: span.ptr, bytes: NaN },
    ]
  ) {
    assert.throws(() => memory.u8(wrong), /^RangeError: Cannot view .*: the arena goes from/);
  }
  assert.throws(() => memory.u32({ ptr: start + 2, bytes: 4 }), /whole aligned values of 4 bytes$/);
  assert.throws(() => memory.u32({ ptr: start, bytes: 6 }), /whole aligned values of 4 bytes$/);
  assert.throws(() => memory.f64({ ptr: start + 4, bytes: 8 }), /whole aligned values of 8 bytes$/);
  assert.equal(memory.mark(), mark);
});

Deno.test("core memory: regions that live at one time never overlap, whatever the order", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.nat(3000), fc.constant("mark"), fc.constant("release")), {
      maxLength: 40,
    }),
    (steps) => {
      const { memory } = arena();
      const live: { ptr: number; bytes: number }[] = [];
      const marks: { mark: number; live: number }[] = [];
      for (const step of steps) {
        if (step === "mark") marks.push({ mark: memory.mark(), live: live.length });
        else if (step === "release") {
          const last = marks.pop();
          if (last === undefined) continue;
          memory.release(last.mark);
          live.length = last.live;
        } else {
          const span = memory.alloc(step as number);
          assert.equal(span.ptr % 16, 0);
          for (const other of live) assert.ok(other.ptr + other.bytes <= span.ptr);
          live.push(span);
        }
      }
    },
  ));
});

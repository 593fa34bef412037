import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { concatBytes } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { createSlicePool } from "./slice_pool.ts";
import { ingest, type ParcelForm } from "./ingest.ts";

const digest: Digest = (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest());
const SLICE = 16;

function parcel(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i * 7 + 1);
}

function formOf(bytes: Uint8Array, signal?: AbortSignal): ParcelForm {
  const digests: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += SLICE) {
    digests.push(digest(bytes.subarray(at, at + SLICE)) as Uint8Array);
  }
  const form = {
    bytes: bytes.length,
    sliceBytes: SLICE,
    digests,
    digest,
    pool: createSlicePool(0),
    clock: manualClock(),
    stallMs: 30_000,
  };
  return signal === undefined ? form : { ...form, signal };
}

/** A body in chunks of the given lengths, in turn; tells how many were pulled, and if cancelled. */
function bodyOf(bytes: Uint8Array<ArrayBuffer>, lengths: readonly number[] = [10]) {
  const seen = { pulled: 0, cancelled: false };
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = lengths[seen.pulled++ % lengths.length] ?? 1;
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
    cancel() {
      seen.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, seen };
}

async function slicesOf(body: ReadableStream<Uint8Array> | null, form: ParcelForm) {
  const slices: Uint8Array[] = [];
  await ingest(body, form, (index, bytes) => {
    assert.equal(index, slices.length);
    slices.push(bytes);
  });
  return slices;
}

Deno.test("ingest: a parcel comes out whole, whatever the chunks it came in", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      async (length, lengths) => {
        const bytes = parcel(length);
        const slices = await slicesOf(bodyOf(bytes, lengths).stream, formOf(bytes));
        assert.deepEqual(slices.flatMap((slice) => [...slice]), [...bytes]);
        assert.ok(slices.slice(0, -1).every((slice) => slice.length === SLICE));
      },
    ),
  );
});

Deno.test("ingest: a body that is too long is read no further than its first byte too many", async () => {
  const bytes = parcel(32);
  const { stream, seen } = bodyOf(parcel(1000));
  await assert.rejects(slicesOf(stream, formOf(bytes)), { code: "body-too-long" });
  assert.deepEqual(seen, { pulled: 4, cancelled: true });
});

Deno.test("ingest: one byte too many after the last slice is noticed", async () => {
  const { stream } = bodyOf(parcel(33), [32, 1]);
  await assert.rejects(slicesOf(stream, formOf(parcel(32))), { code: "body-too-long" });
});

Deno.test("ingest: a body that ends early says how far it came", async () => {
  const error = { code: "body-too-short", message: /it ended after 20 of 32 bytes/ };
  await assert.rejects(slicesOf(bodyOf(parcel(20)).stream, formOf(parcel(32))), error);
  await assert.rejects(slicesOf(null, formOf(parcel(32))), { code: "body-too-short" });
});

Deno.test("ingest: a body that breaks off counts as one that ends early", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("connection reset")),
  });
  await assert.rejects(slicesOf(stream, formOf(parcel(32))), { code: "body-too-short" });
});

Deno.test("ingest: a slice of another digest is refused before the next one is read", async () => {
  const bytes = parcel(100);
  const form = formOf(bytes);
  bytes[20] = 0;
  const { stream, seen } = bodyOf(bytes, [16]);
  const taken: number[] = [];
  await assert.rejects(ingest(stream, form, (index) => void taken.push(index)), {
    code: "digest-mismatch",
    message: /slice 1/,
  });
  assert.deepEqual(taken, [0]);
  assert.deepEqual(seen, { pulled: 2, cancelled: true });
});

Deno.test("ingest: a sender that is gone in mid-body ends the read that waits for it", async () => {
  const gone = new AbortController();
  const stream = new ReadableStream<Uint8Array>({
    pull: () => (gone.abort(), new Promise(() => {})),
  });
  await assert.rejects(slicesOf(stream, formOf(parcel(32), gone.signal)), {
    code: "body-too-short",
  });
  const late = bodyOf(parcel(32)).stream;
  await assert.rejects(slicesOf(late, formOf(parcel(32), gone.signal)), { code: "body-too-short" });
});

Deno.test("ingest: what the sink throws ends the reading", async () => {
  const { stream, seen } = bodyOf(parcel(64), [16]);
  const failing = () => Promise.reject(new Error("disk full"));
  await assert.rejects(ingest(stream, formOf(parcel(64)), failing), /disk full/);
  assert.deepEqual(seen, { pulled: 1, cancelled: true });
});

Deno.test("ingest: reads at least a slice at a time where the platform can", async () => {
  const views: number[] = [];
  const proto = ReadableStreamBYOBReader.prototype as unknown as Record<string, unknown>;
  proto.readAtLeast = async function (
    this: ReadableStreamBYOBReader,
    least: number,
    view: Uint8Array<ArrayBuffer>,
  ) {
    views.push(least);
    let at = 0;
    while (at < least) {
      const { done, value } = await this.read(new Uint8Array(view.length - at));
      if (done || value === undefined) break;
      view.set(value, at);
      at += value.length;
    }
    return { done: at === 0, value: view.subarray(0, at) };
  };
  try {
    const bytes = parcel(40);
    const stream = (size: number) => new Blob([parcel(size)]).stream();
    const slices = await slicesOf(stream(40), formOf(bytes));
    assert.deepEqual(slices.flatMap((slice) => [...slice]), [...bytes]);
    assert.deepEqual(views, [16, 16, 8, 1]);
    await assert.rejects(slicesOf(stream(41), formOf(bytes)), { code: "body-too-long" });
    await assert.rejects(slicesOf(stream(39), formOf(bytes)), { code: "body-too-short" });
  } finally {
    delete proto.readAtLeast;
  }
});

/** A body that fills the reader's own buffers, a few bytes at a time. */
function ownBuffers(bytes: Uint8Array, most: number) {
  const seen = { pulled: 0, cancelled: false };
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      seen.pulled++;
      const { view } = controller.byobRequest ?? {};
      const length = Math.min(most, view?.byteLength ?? 0, bytes.length - at);
      if (length === 0) {
        controller.close();
        return controller.byobRequest?.respond(0);
      }
      const into = new Uint8Array(view!.buffer, view!.byteOffset, length);
      into.set(bytes.subarray(at, at += length));
      controller.byobRequest!.respond(length);
    },
    cancel: () => void (seen.cancelled = true),
  });
  return { stream, seen };
}

for (const most of [1, 7, 16, 100]) {
  Deno.test(`ingest: a body that comes ${most} bytes at a time is read into the slices' own memory`, async () => {
    const bytes = parcel(40);
    const slices = await slicesOf(ownBuffers(bytes, most).stream, formOf(bytes));
    assert.deepEqual(slices.map((slice) => slice.length), [16, 16, 8]);
    assert.deepEqual(slices.flatMap((slice) => [...slice]), [...bytes]);
    for (const [length, code] of [[41, "body-too-long"], [39, "body-too-short"]] as const) {
      const { stream } = ownBuffers(parcel(length), most);
      await assert.rejects(slicesOf(stream, formOf(bytes)), { code });
    }
  });
}

Deno.test("ingest: a body without a length is read by its own chunks where its end is not told otherwise", async () => {
  const bytes = parcel(40);
  const { stream, seen } = bodyOf(bytes, [16]);
  const slices = await slicesOf(stream, { ...formOf(bytes), isStream: true });
  assert.deepEqual(slices.flatMap((slice) => [...slice]), [...bytes]);
  assert.ok(seen.pulled > 1);
});

Deno.test("ingest: a sender that stalls is given up; one that is merely slow is not", async () => {
  const bytes = parcel(3 * SLICE);
  const clock = manualClock();
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      // The first two slices take 20 s each; the third never comes.
      if (at === 2 * SLICE) return clock.advance(30_000);
      clock.advance(20_000);
      controller.enqueue(bytes.slice(at, at += SLICE));
    },
  }, { highWaterMark: 0 });
  const taken: number[] = [];
  const reading = ingest(body, { ...formOf(bytes), clock }, (index) => void taken.push(index));
  await assert.rejects(reading, { code: "body-too-short" });
  assert.deepEqual(taken, [0, 1]);
  assert.equal(clock.sleepers, 0);
});

function masked(parcelBytes: Uint8Array, evidence: Uint8Array) {
  const slices: Uint8Array[] = [];
  const digests: Uint8Array[] = [];
  for (let at = 0; at < evidence.length; at += 10) {
    digests.push(digest(evidence.subarray(at, at + 10)) as Uint8Array);
  }
  const tree = digest(concatBytes(digests)) as Uint8Array;
  const sink = (index: number, bytes: Uint8Array) => {
    assert.equal(index, slices.length);
    slices.push(bytes);
  };
  const form = { bytes: evidence.length, sliceBytes: 10, tree, sink };
  return { form: { ...formOf(parcelBytes), evidence: form }, slices };
}

Deno.test("ingest: evidence follows the parcel, in slices of its own", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      async (one, other, chunks) => {
        const bytes = parcel(one + other);
        const { form, slices } = masked(bytes.subarray(0, one), bytes.subarray(one));
        const { stream } = bodyOf(bytes, chunks);
        const found = await slicesOf(stream, form);
        assert.deepEqual(concatBytes(found), bytes.slice(0, one));
        assert.deepEqual(concatBytes(slices), bytes.slice(one));
        assert.ok(slices.slice(0, -1).every(({ length }) => length === 10));
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("ingest: evidence that is changed, cut short or goes on is refused", async () => {
  const bytes = parcel(60);
  const fresh = () => masked(bytes.subarray(0, 30), bytes.subarray(30)).form;
  for (const at of [30, 45, 59]) {
    const spoilt = bytes.slice();
    spoilt[at]! ^= 1;
    await assert.rejects(slicesOf(bodyOf(spoilt).stream, fresh()), { code: "digest-mismatch" });
  }
  await assert.rejects(slicesOf(bodyOf(bytes.slice(0, 59)).stream, fresh()), {
    code: "body-too-short",
  });
  await assert.rejects(slicesOf(bodyOf(parcel(61)).stream, fresh()), { code: "body-too-long" });
});

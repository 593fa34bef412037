import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes } from "../../src/core/bytes.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { openAskBody } from "./ask_body.ts";

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(chunks);
}

Deno.test("ask body: however it is cut, the same bytes are read in the same lengths", async () => {
  const chunk = fc.uint8Array({ maxLength: 9 });
  await fc.assert(fc.asyncProperty(
    fc.array(chunk, { maxLength: 12 }),
    fc.array(fc.nat({ max: 20 }), { maxLength: 6 }),
    async (chunks, lengths) => {
      const whole = concatBytes(chunks);
      await using body = openAskBody(streamOf(chunks), { clock: manualClock(), stallMs: 1000 });
      let at = 0;
      for (const length of lengths) {
        if (at + length > whole.length) {
          await assert.rejects(body.read(length), { code: "body-too-short" });
          return;
        }
        assert.deepEqual(await body.read(length), whole.slice(at, at += length));
      }
      const rest = await Array.fromAsync(body.take(whole.length - at));
      assert.deepEqual(concatBytes(rest), whole.slice(at));
      await body.end();
    },
  ));
});

Deno.test("ask body: what follows the end is refused", async () => {
  await using body = openAskBody(streamOf([Uint8Array.of(1, 2, 3)]), {
    clock: manualClock(),
    stallMs: 1000,
  });
  await body.read(2);
  await assert.rejects(body.end(), { code: "body-too-long" });
});

Deno.test("ask body: a sender that stalls is not read any further", async () => {
  const clock = manualClock();
  let cancelled = false;
  const stuck = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Uint8Array.of(1)),
    cancel: () => void (cancelled = true),
  });
  await using body = openAskBody(stuck, { clock, stallMs: 1000 });
  const read = body.read(2);
  await assert.doesNotReject(body.read(0));
  while (clock.sleepers === 0) await Promise.resolve();
  clock.advance(1001);
  await assert.rejects(read, { code: "body-too-short", message: /not there after 1000 ms/ });
  assert.equal(cancelled, true);
});

Deno.test("ask body: a sender of a byte now and then is given up as well", async () => {
  const clock = manualClock();
  let sent = 0;
  const slow = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent++;
      clock.advance(300);
      controller.enqueue(Uint8Array.of(sent));
    },
  }, { highWaterMark: 0 });
  await using body = openAskBody(slow, { clock, stallMs: 1000 });
  await assert.rejects(body.read(100), { code: "body-too-short" });
  assert.ok(sent < 10, `${sent} bytes were waited for`);
});

Deno.test("ask body: a sender that breaks off has its code", async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("connection reset")),
  });
  await using body = openAskBody(broken, { clock: manualClock(), stallMs: 1000 });
  await assert.rejects(body.read(1), { code: "body-too-short", message: /it broke off/ });
});

Deno.test("ask body: no body ends at once", async () => {
  await using body = openAskBody(null, { clock: manualClock(), stallMs: 1000 });
  await body.end();
  await assert.rejects(body.read(1), { code: "body-too-short", message: /1 more bytes/ });
});

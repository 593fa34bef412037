import assert from "node:assert/strict";
import { systemRandom } from "../../src/core/random.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { inlineModule } from "../../src/wasm/inline.ts";
import { answersOf, maskingOf, send, type Sent, shareOf, sumOf } from "./masking.ts";

const module = await inlineModule("aggregate");

Deno.test("envelopes: swapped, replayed, cut, lengthened or changed by one bit, none opens, each with its code", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core, { values: 100 });
  const sid = systemRandom(32);
  const [one, two] = [await send(masking, 1, { sid }), await send(masking, 2, { sid })];
  const earlier = await send(masking, 1, { client: one.client });
  const again = await send(masking, 1, { sid, client: one.client });
  const at = (sent: Sent, helper: number) => sent.envelopes[helper - 1]!;
  const withEnvelope = (envelope: Uint8Array): Sent => ({
    ...one,
    envelopes: one.envelopes.with(0, Uint8Array.from(envelope)),
  });
  const flipped = (byte: number) => at(one, 1).map((value, i) => i === byte ? value ^ 1 : value);
  const cases: [string, Uint8Array, ErrorCode][] = [
    ["another client's", at(two, 1), "envelope-refused"],
    ["another helper's of its kind", at(one, 2), "envelope-misaddressed"],
    [
      "another helper's under this one's number",
      Uint8Array.from(at(one, 2), (value, i) => i === 1 ? 1 : value),
      "envelope-refused",
    ],
    ["another helper's of another kind", at(one, 4), "envelope-malformed"],
    ["an earlier round's", at(earlier, 1), "sid-mismatch"],
    [
      "an earlier round's under this sid",
      Uint8Array.from(at(earlier, 1), (value, i) => i >= 2 && i < 34 ? sid[i - 2]! : value),
      "envelope-refused",
    ],
    ["the same client's for another parcel", at(again, 1), "envelope-refused"],
    ["one byte short", at(one, 1).subarray(1), "envelope-malformed"],
    ["one byte short at its end", at(one, 1).subarray(0, -1), "envelope-malformed"],
    ["nothing", new Uint8Array(), "envelope-malformed"],
    ["one byte long", Uint8Array.from([...at(one, 1), 0]), "envelope-malformed"],
    ["another version's", flipped(0), "envelope-malformed"],
    ["with another encapsulated key", flipped(34), "envelope-refused"],
    ["with another text", flipped(66), "envelope-refused"],
    ["with another tag", flipped(113), "envelope-refused"],
  ];
  for (const [what, envelope, code] of cases) {
    await assert.rejects(shareOf(masking, withEnvelope(envelope), 1), { code }, what);
  }
  assert.equal((await shareOf(masking, one, 1)).length, 32);
});

Deno.test("envelopes: a client whose shares are of another key spoils the sum, and the sum says so", async () => {
  using core = createAggregateCore(module);
  const masking = await maskingOf(core, { values: 100 });
  const sid = systemRandom(32);
  const good = [await send(masking, 1, { sid }), await send(masking, 2, { sid })];
  const liar = await send(masking, 3, { sid });
  const { parcel } = await send(masking, 3, { sid });
  const answers = await answersOf(masking, [...good, liar]);
  const sum = sumOf(masking, [...good.map((it) => it.parcel), parcel]);
  await assert.rejects(
    masking.mask.open(core, sum, { sid, clients: 3, answers }),
    { code: "noise-excessive" },
  );
});

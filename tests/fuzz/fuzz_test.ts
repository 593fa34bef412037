import assert from "node:assert/strict";
import { TributaryError } from "../../src/core/errors.ts";
import { utf8 } from "../../src/core/bytes.ts";
import { bytesDecoder, jsonDecoder, readerOnly } from "./decoder.ts";
import { DECODERS } from "./decoders.ts";
import { bytesOfCase } from "./run_case.ts";
import { describeFailure, runCases } from "./run_cases.ts";

const CASES = 10_000;
const SHARES = DECODERS.reduce((sum, { share = 1 }) => sum + share, 0);
// Always the same: a test that fails today must not pass tomorrow.
const SEED = 5;

for (const decoder of DECODERS) {
  Deno.test(`fuzz: ${decoder.name} is read as it is written, or refused by its code`, async () => {
    const to = Math.ceil(CASES * (decoder.share ?? 1) / SHARES);
    const failure = await runCases(decoder, { seed: SEED, from: 0, to });
    assert.equal(failure && describeFailure(failure), undefined);
  });
}

Deno.test("fuzz: names of decoders are unique, and a case is the same whenever it is made", () => {
  assert.equal(new Set(DECODERS.map(({ name }) => name)).size, DECODERS.length);
  for (const decoder of DECODERS) {
    const name = { seed: 9, index: 3 };
    assert.deepEqual(bytesOfCase(decoder, name), bytesOfCase(decoder, name));
  }
});

Deno.test("fuzz: cases are changed samples, and hardly one is like another", () => {
  for (const decoder of DECODERS) {
    const cases = Array.from(
      { length: 200 },
      (_, index) => bytesOfCase(decoder, { seed: 1, index }),
    );
    const different = new Set(cases.map((bytes) => bytes.toHex()));
    assert.ok(different.size > 60, `${decoder.name}: ${different.size} of 200`);
  }
});

/** What the harness says of a decoder. */
async function foundIn(decoder: Parameters<typeof runCases>[0]): Promise<string> {
  return (await runCases(decoder, { seed: 1, from: 0, to: 2000 }))?.found ?? "nothing";
}

Deno.test("fuzz: a decoder that throws what it should not, hangs on to a length or changes what it reads is found", async () => {
  const sample = Uint8Array.of(1, 3, 7, 7, 7);
  const strict = (bytes: Uint8Array): Uint8Array => {
    if (bytes[0] === 1 && bytes.length === 2 + (bytes[1] ?? 0)) return bytes;
    throw new TributaryError("bad-request", "Cannot read a case: it is another length");
  };
  assert.equal(await foundIn(bytesDecoder("sound", [sample], strict)), "nothing");
  // Ends after what it needs, whatever follows.
  const lax = (bytes: Uint8Array): Uint8Array => {
    const end = 2 + (bytes[1] ?? 0);
    return bytes.length < end ? strict(bytes) : bytes.slice(0, end);
  };
  assert.match(await foundIn(bytesDecoder("lax", [sample], lax)), /encodes to other bytes/);
  const careless = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(0);
  const form = { samples: [sample], form: "bytes" } as const;
  assert.match(await foundIn(readerOnly({ ...form, name: "careless" }, careless)), /RangeError/);
  const rude = (): never => {
    throw new TributaryError("bad-request", "no");
  };
  assert.match(await foundIn(readerOnly({ ...form, name: "rude" }, rude)), /sample 0 was refused/);
  const forgetful = jsonDecoder("forgetful", [{ a: 1 }], (bytes) => {
    const { a } = JSON.parse(new TextDecoder().decode(bytes)) ?? {};
    return { a };
  });
  assert.match(await foundIn(forgetful), /other bytes|SyntaxError/);
});

Deno.test("fuzz: a failure tells how to see it again", () => {
  const text = describeFailure({
    ...{ seed: 3, index: 14, decoder: "a task", found: "it threw x", bytes: utf8("{}") },
  });
  assert.match(text, /\.\/run fuzz --seed 3 --only "a task" --case 14/);
});

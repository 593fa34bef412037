import assert from "node:assert/strict";
import { Command } from "commander";
import * as v from "valibot";
import { type Reading, readingOf, readingOptions, readingSchema } from "./reading.ts";

function parse(...args: string[]): Reading {
  const command = readingOptions(new Command()).exitOverride().configureOutput({
    writeErr: () => {},
  });
  return readingOf(command.parse(args, { from: "user" }).opts<Reading>());
}

Deno.test("reading: only what is said is kept", () => {
  assert.deepEqual(parse(), {});
  assert.deepEqual(parse("--columns", "user=a,item=b"), { columns: "user=a,item=b" });
  assert.deepEqual(parse("--events", "baskets", "--popular", "50"), {
    ...{ events: "baskets", popular: 50 },
  });
});

Deno.test("reading: a form that is none, two forms and a number that is none are refused", () => {
  const wrong = [
    ["--events", "csv"],
    ["--events", "sequences", "--columns", "user=a,item=b"],
    ["--popular", "0"],
    ["--popular", "1.5"],
  ];
  for (const args of wrong) assert.throws(() => parse(...args), { name: /CommanderError|Invalid/ });
});

Deno.test("reading: it goes through JSON, and nothing else does", () => {
  const reading: Reading = { events: "sequences", popular: 9 };
  assert.deepEqual(v.parse(readingSchema, JSON.parse(JSON.stringify(reading))), reading);
  assert.deepEqual(v.parse(readingSchema, {}), {});
  for (const wrong of [null, { events: "csv" }, { popular: 0 }, { columns: 1 }, { form: "x" }]) {
    assert.equal(v.safeParse(readingSchema, wrong).success, false);
  }
});

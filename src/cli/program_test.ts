import assert from "node:assert/strict";
import { runHere } from "./_testing.ts";

const COMMANDS = [
  "demo",
  "root",
  "region",
  "helper",
  "helpers",
  "client",
  "privacy",
  "recommend",
  "statistics",
  "verify-log",
];

Deno.test("program: its help names every command", async () => {
  const { code, out, err } = await runHere("--help");
  assert.equal(code, 0);
  assert.deepEqual(err, []);
  for (const command of COMMANDS) assert.match(out, new RegExp(`^ {2}${command}\\b`, "m"));
});

for (const command of COMMANDS) {
  Deno.test(`program: ${command} has help with a sentence for each option`, async () => {
    const { code, out, err } = await runHere(command, "--help");
    assert.equal(code, 0);
    assert.deepEqual(err, []);
    assert.match(out, new RegExp(`^Usage: tributary ${command} `));
    const options = [...out.matchAll(/^ {2}(--\S+.*)$/gm)].map(([, line = ""]) => line);
    for (const line of options) assert.match(line, /^--[a-z-]+( <[a-z]+(\.\.\.)?>)? {2,}\S.{4,}/);
  });

  Deno.test(`program: ${command} with a wrong flag is one line and exit 2`, async () => {
    const { code, out, err } = await runHere(command, "--bogus");
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(err.length, 1);
    // A flag that must be there is missed before a strange one is noticed.
    assert.match(err[0]!, /^tributary: (unknown|required) option '[^\n]+ \(see --help\)$/);
  });
}

const WRONG: [string, string[], RegExp][] = [
  ["an unknown command", ["demp"], /unknown command 'demp'/],
  ["an argument too many", ["demo", "more"], /too many arguments for 'demo'/],
  ["a missing flag", ["region"], /required option '--parent <url>' not specified/],
  ["a missing argument", ["verify-log"], /missing required argument 'source'/],
  ["a flag without its value", ["demo", "--rounds"], /'--rounds <n>' argument missing/],
  ["a number out of range", ["demo", "--rounds", "0"], /whole number from 1 to 10000/],
  ["a number in another notation", ["demo", "--seed", "1e3"], /whole number from 0 to/],
  ["an address that is none", ["region", "--parent", "nowhere"], /such as http:\/\//],
  ["a model that there is not", ["demo", "--model", "gpt"], /Allowed choices are ials, mf/],
];

for (const [what, args, message] of WRONG) {
  Deno.test(`program: ${what} is one line and exit 2`, async () => {
    const { code, out, err } = await runHere(...args);
    assert.deepEqual([code, out, err.length], [2, "", 1]);
    assert.match(err[0]!, message);
    assert.match(err[0]!, /^tributary: [^\n]+ \(see --help\)$/);
  });
}

Deno.test("program: without a command it shows its help, and was called wrongly", async () => {
  const { code, out } = await runHere();
  assert.equal(code, 2);
  assert.match(out, /^Usage: tributary /);
});

Deno.test("program: --version prints the version alone", async () => {
  const { code, out } = await runHere("--version");
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+$/);
});

Deno.test("program: what fails is one line and exit 1", async () => {
  const { code, out, err } = await runHere("verify-log", "/nowhere/log.json");
  assert.deepEqual([code, out, err], [
    1,
    "",
    ["tributary: Cannot open /nowhere/log.json: expected a log file"],
  ]);
});

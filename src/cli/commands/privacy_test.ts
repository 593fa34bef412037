import assert from "node:assert/strict";
import { noiseFor } from "../../privacy/mod.ts";
import { runHere } from "../_testing.ts";

Deno.test("privacy: prints the noise that a budget asks for, and what it spends", async () => {
  const { code, out, err } = await runHere(
    ...["privacy", "--epsilon", "4", "--delta", "1e-6", "--rounds", "100", "--rate", "0.1"],
  );
  assert.deepEqual([code, err], [0, []]);
  const noise = noiseFor({ epsilon: 4, delta: 1e-6, rounds: 100, rate: 0.1 });
  assert.ok(out.includes(`noise      ${noise.toPrecision(5)} ×`), out);
  const spent = Number(out.match(/^spends {5}ε = (\S+) at δ = 0.000001/m)?.[1]);
  assert.ok(spent > 3.99 && spent <= 4, out);
  const renyi = Number(out.match(/^by Rényi {3}ε = (\S+) \(order \d/m)?.[1]);
  assert.ok(renyi > spent, out);
});

Deno.test("privacy: says for several sizes what to expect", async () => {
  const { out } = await runHere("privacy", "--epsilon", "8", "--delta", "1e-4", "--rounds", "10");
  const rows = out.split("\n").filter((line) => /│ +\d/.test(line));
  assert.deepEqual(
    rows.map((row) => row.match(/useless|worse|close/)?.[0]),
    ["useless", "worse", "close", "close"],
  );
});

Deno.test("privacy: warns before a run that cannot be useful, and says what would be", async () => {
  const { code, err } = await runHere("privacy", "--epsilon", "8", "--clients", "610");
  assert.equal(code, 0);
  assert.equal(err.length, 1);
  const enough = Number(
    err[0]?.match(/610 clients learn nothing of use: expected at least (\d+),/)?.[1],
  );
  assert.ok(enough > 610);
  const again = await runHere("privacy", "--epsilon", "8", "--clients", String(enough));
  assert.deepEqual(again.err, []);
});

for (
  const [what, args, message] of [
    ["no budget", [], /required option '--epsilon <number>' not specified/],
    ["an epsilon of nought", ["--epsilon", "0"], /a number above 0 and up to 1000/],
    ["a rate of words", ["--epsilon", "1", "--rate", "often"], /a number above 0 and up to 1\./],
    ["half a round", ["--epsilon", "1", "--rounds", "0.5"], /whole number from 1 to/],
  ] as const
) {
  Deno.test(`privacy: ${what} is one line and exit 2`, async () => {
    const { code, out, err } = await runHere("privacy", ...args);
    assert.deepEqual([code, out, err.length], [2, "", 1]);
    assert.match(err[0] ?? "", message);
  });
}

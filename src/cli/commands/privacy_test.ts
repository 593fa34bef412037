import assert from "node:assert/strict";
import { noiseFor } from "../../privacy/mod.ts";
import { runHere } from "../_testing.ts";

/** The cells of the row that begins with a word. */
function row(out: string, name: string): string[] {
  const line = out.split("\n").find((line) => line.startsWith(`│ ${name}`)) ?? "";
  return line.split("│").map((cell) => cell.trim()).filter((cell) => cell !== "");
}

Deno.test("privacy: prints the noise that a budget asks for, and what it spends", async () => {
  const { code, out, err } = await runHere(
    ...["privacy", "--epsilon", "4", "--delta", "1e-6", "--rounds", "100", "--rate", "0.1"],
  );
  assert.deepEqual([code, err], [0, []]);
  const expected = noiseFor({ epsilon: 4, delta: 1e-6, rounds: 100, rate: 0.1 });
  const [, , noise, total, spent] = row(out, "gaussian");
  assert.equal(noise, expected.toPrecision(4));
  assert.ok(Math.abs(Number(total) / expected - Math.sqrt(50.5)) < 0.01, out);
  assert.equal(spent, "4.000");
});

Deno.test("privacy: all mechanisms are there, clients' noise larger than the root's", async () => {
  const { out } = await runHere("privacy", "--epsilon", "4", "--rounds", "50", "--rate", "0.1");
  const [skellam, gaussian, ftrl] = ["skellam", "gaussian", "ftrl"].map((kind) => row(out, kind));
  assert.ok(Number(skellam?.[2]) > Number(gaussian?.[2]), out);
  // A round has more noise, of which later rounds take a part back.
  assert.ok(Number(ftrl?.[2]) > Number(gaussian?.[2]), out);
  assert.ok(Number(ftrl?.[3]) < 0.5 * Number(ftrl?.[2]) * Math.sqrt(25.5), out);
  assert.match(out, /^ftrl +counts on .* 5 rounds of a client at most, 10 or more apart$/m);
});

Deno.test("privacy: the schema of ftrl is what was asked for, and decides its noise", async () => {
  const args = ["privacy", "--epsilon", "4", "--rounds", "60", "--mechanism", "ftrl"];
  const often = await runHere(...args, "--separation", "10");
  const seldom = await runHere(...args, "--separation", "10", "--participations", "2");
  assert.match(often.out, /on 6 rounds of a client at most, 10 or more apart/);
  assert.match(seldom.out, /on 2 rounds of a client at most, 10 or more apart/);
  assert.ok(Number(row(seldom.out, "ftrl")[3]) < Number(row(often.out, "ftrl")[3]));
  assert.match(seldom.out, /^ftrl, 322000 values an update$/m);
});

Deno.test("privacy: says for several sizes what to expect", async () => {
  const { out } = await runHere("privacy", "--epsilon", "8", "--delta", "1e-4", "--rounds", "10");
  const rows = out.split("\n").filter((line) => /^│ +\d/.test(line));
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

Deno.test("privacy: warns of a δ that gives somebody away", async () => {
  const { err } = await runHere(
    ...["privacy", "--epsilon", "8", "--delta", "1e-4", "--rounds", "3"],
    ...["--clients", "6000", "--values", "9073"],
  );
  assert.equal(err.length, 1);
  assert.match(err[0] ?? "", /a δ of 0.0001 lets a run give away one of 6000 clients/);
});

Deno.test("privacy: its help has examples, and says what noise is told in", async () => {
  const { code, out } = await runHere("privacy", "--help");
  assert.equal(code, 0);
  assert.match(out, /tributary privacy --epsilon 4 --delta 1e-6 --rounds 100 --rate 0\.1/);
  assert.match(out, /standard deviation in each value of a round's sum/);
});

for (
  const [what, args, message] of [
    ["no budget", [], /required option '--epsilon <number>' not specified/],
    ["an epsilon of nought", ["--epsilon", "0"], /a number above 0 and up to 1000/],
    ["a rate of words", ["--epsilon", "1", "--rate", "often"], /a number above 0 and up to 1\./],
    [
      "another mechanism",
      ["--epsilon", "1", "--mechanism", "laplace"],
      /Allowed choices are skellam/,
    ],
    ["half a round", ["--epsilon", "1", "--rounds", "0.5"], /whole number from 1 to/],
  ] as const
) {
  Deno.test(`privacy: ${what} is one line and exit 2`, async () => {
    const { code, out, err } = await runHere("privacy", ...args);
    assert.deepEqual([code, out, err.length], [2, "", 1]);
    assert.match(err[0] ?? "", message);
  });
}

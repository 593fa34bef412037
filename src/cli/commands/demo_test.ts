import assert from "node:assert/strict";
import { runHere, startCli, type TestFolder, testFolder } from "../_testing.ts";
import { createHash } from "node:crypto";

const FILES = ["items.csv", "log.json", "model.safetensors", "report.html", "run.json"];

/** A folder of ratings: 12 people in two groups, who rate 8 of their group's 15 items. */
async function writeRatings(folder: TestFolder): Promise<string> {
  const lines = ["userId,movieId,rating,timestamp"];
  for (let person = 1; person <= 12; person++) {
    for (let at = 0; at < 8; at++) {
      const item = 15 * (person % 2) + (person + at * (1 + person % 3)) % 15;
      lines.push(`${person},${item},4,${100 * at}`);
    }
  }
  const unique = [...new Map(lines.map((line) => [line.split(",").slice(0, 2).join(), line]))];
  return await folder.write("ratings.csv", unique.map(([, line]) => line).join("\n") + "\n");
}

async function digestOf(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

Deno.test("demo: invented ratings, two rounds: the table, ten recommendations, and all files", async () => {
  await using folder = await testFolder();
  await using demo = startCli(folder.path(), "demo", "--rounds", "2");
  const { code, out, err } = await demo.ended;
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^60 people, 200 items, \d+ ratings \(invented ratings\)$/m);
  assert.match(out, /items \[200, 8\]/);
  assert.equal(
    out.match(/^round \d\/2 {2}60 clients · from HR@10 \.\d+ NDCG@10 \.\d+ · /gm)?.length,
    2,
  );
  const hitRate = (method: string) =>
    Number(out.match(new RegExp(`│ ${method} +│ +(\\d?\\.\\d+) `))?.[1]);
  assert.ok(hitRate("federated") > hitRate("popularity") + 0.1, out);
  assert.ok(hitRate("local only") < 0.2, out);
  assert.ok(hitRate("central") > hitRate("popularity"), out);
  assert.equal(out.match(/^ +\d+ {2}The \w+/gm)?.length, 10);

  assert.deepEqual(await folder.list(), ["out", ...FILES.map((name) => `out/${name}`)]);
  const run = JSON.parse(await Deno.readTextFile(folder.path("out/run.json")));
  assert.equal(run.model.digest, await digestOf(folder.path("out/model.safetensors")));
  assert.equal(run.rounds.length, 2);
  assert.equal(run.tree.length, 4);
  assert.match(run.task.catalogue, /^[0-9a-f]{64}$/);

  const model = folder.path("out/model.safetensors");
  const best = await runHere("recommend", "--model", model, "--user", "1");
  assert.deepEqual([best.code, best.err], [0, []]);
  const shown = run.example.items.map(({ title }: { title: string }) => title);
  assert.deepEqual(best.out.split("\n").map((line) => line.slice(5)), shown);

  const log = folder.path("out/log.json");
  const good = await runHere("verify-log", log);
  assert.deepEqual([good.code, good.err], [0, []]);
  assert.match(good.out, new RegExp(`version 2, ${run.model.digest}`));
  assert.match(good.out, /2 with 120 updates in all, 0 abandoned/);
  assert.match(good.out, /finished \(rounds\)/);

  await folder.write(
    "tampered.json",
    (await Deno.readTextFile(log)).replace('"hr@10":0', '"hr@10":1'),
  );
  const bad = await runHere("verify-log", folder.path("tampered.json"));
  assert.deepEqual([bad.code, bad.out, bad.err.length], [1, "", 1]);
  assert.match(bad.err[0]!, /^tributary: Cannot /);

  const stranger = await runHere("recommend", "--model", model, "--user", "0x7");
  assert.equal(stranger.code, 1);
  assert.match(stranger.err[0]!, /found --user 0x7, expected one of 60/);
  const other = await writeRatings(folder);
  const others = await runHere("recommend", "--model", model, "--user", "1", "--data", other);
  assert.equal(others.code, 1);
  assert.match(others.err[0]!, /they have 30 items, the model 200/);
  const items = (await Deno.readTextFile(folder.path("out/items.csv"))).trim().split("\n").slice(1);
  const lines = items.map((_, at) => `1,${1000 + at},4,${at}`);
  await folder.write("ratings.csv", ["userId,movieId,rating,timestamp", ...lines, ""].join("\n"));
  const renamed = await runHere("recommend", "--model", model, "--user", "1", "--data", other);
  assert.equal(renamed.code, 1);
  assert.match(renamed.err[0]!, /their items are not the model's/);
  await Deno.writeFile(model, Uint8Array.of(1), { append: true });
  const changed = await runHere("recommend", "--model", model, "--user", "1");
  assert.equal(changed.code, 1);
  assert.match(
    changed.err[0]!,
    /its digest is [0-9a-f]{64}, expected [0-9a-f]{64} by the run\.json/,
  );
});

for (const [model, mask] of [["ials", "kahe1"], ["mf", "none"]] as const) {
  Deno.test(`demo: ${model} under ${mask}, interrupted in mid-run, goes on to the model of an undisturbed run`, async () => {
    await using folder = await testFolder();
    const data = await writeRatings(folder);
    const chosen = ["--model", model, "--mask", mask, "--rounds", "12", "--regions", "2"];
    const args = ["demo", "--data", data, ...chosen];
    await using calm = startCli(folder.path(), ...args, "--out", "calm");
    await using stopped = startCli(folder.path(), ...args, "--out", "again");
    await stopped.said(/^round {2}2\/12/m);
    stopped.interrupt();
    const first = await stopped.ended;
    assert.deepEqual([first.code, first.err], [
      130,
      "tributary: Stopped; the same command goes on from here\n",
    ]);
    assert.doesNotMatch(first.out, /^wrote/m);
    const left = await folder.list();
    for (const name of FILES) assert.ok(!left.includes(`again/${name}`), name);

    await using resumed = startCli(folder.path(), ...args, "--out", "again");
    const second = await resumed.ended;
    assert.deepEqual([second.code, second.err], [0, ""]);
    assert.match(second.out, /^going on with the interrupted run in again\/state\//m);
    assert.doesNotMatch(second.out, /^round {2}1\/12/m);
    const undisturbed = await calm.ended;
    assert.deepEqual([undisturbed.code, undisturbed.err], [0, ""]);

    const digest = await digestOf(folder.path("again/model.safetensors"));
    assert.equal(digest, await digestOf(folder.path("calm/model.safetensors")));
    const run = JSON.parse(await Deno.readTextFile(folder.path("again/run.json")));
    assert.equal(run.model.digest, digest);
    assert.equal(run.rounds.length, 12);
    assert.ok(!(await folder.list()).includes("again/state"));
    const best = await runHere(
      ...["recommend", "--model", folder.path("again/model.safetensors"), "--user", "1"],
    );
    assert.deepEqual([best.code, best.err], [0, []]);
    assert.deepEqual(
      best.out.split("\n").map((line) => line.slice(5)),
      run.example.items.map(({ title }: { title: string }) => title),
    );
  });
}

Deno.test("demo: the same model masked by any scheme and unmasked, and each report says how", async () => {
  await using folder = await testFolder();
  const data = await writeRatings(folder);
  const digests = new Set<string>();
  for (const mask of ["none", "kahe1", "two_helper", "secagg_plus"]) {
    const args = ["--data", data, "--rounds", "2", "--regions", "2", "--out", mask];
    await using demo = startCli(folder.path(), "demo", "--mask", mask, ...args);
    const { code, out, err } = await demo.ended;
    assert.deepEqual([code, err], [0, ""], mask);
    assert.match(out, new RegExp(`^ {2}mask {5}${mask}`, "m"));
    assert.match(out, new RegExp(`^privacy: mask ${mask}; `, "m"));
    assert.match(out, /^privacy: no differential privacy is promised/m);
    const run = JSON.parse(await Deno.readTextFile(folder.path(`${mask}/run.json`)));
    assert.equal(run.privacy.mask, mask);
    assert.equal(run.task.mask.helpers?.length ?? 0, { kahe1: 5, two_helper: 2 }[mask] ?? 0);
    assert.match(await Deno.readTextFile(folder.path(`${mask}/report.html`)), /<h2>Privacy<\/h2>/);
    digests.add(run.model.digest);
    const log = await runHere("verify-log", folder.path(`${mask}/log.json`));
    assert.deepEqual([log.code, log.err], [0, []]);
  }
  assert.equal(digests.size, 1);
});

const BAD: [string, string[], RegExp][] = [
  ["a person whom nobody knows", ["--user", "nobody"], /found --user nobody, expected one of 60/],
  ["no place to write to", ["--out", "wall/out"], /Cannot write wall\/out: Not a directory/],
  ["ratings that nobody can read", ["--data", "wall"], /expected one of ratings\.csv/],
  ["one rating each", ["--data", "single.csv"], /single\.csv: each of its 2 people has one rating/],
  [
    "columns that are not there",
    ["--data", "single.csv", "--columns", "user=a,item=b"],
    /column "a"/,
  ],
];

for (const [what, args, message] of BAD) {
  Deno.test(`demo: ${what}: one line, exit 1, and nothing written`, async () => {
    await using folder = await testFolder();
    await folder.write("wall", "a file");
    await folder.write("single.csv", "userId,movieId,rating,timestamp\n1,1,4,1\n2,2,4,1\n");
    const before = await folder.list();
    await using demo = startCli(folder.path(), "demo", "--rounds", "1", ...args);
    const { code, err } = await demo.ended;
    assert.equal(code, 1);
    assert.match(err, /^tributary: [^\n]+\n$/);
    assert.match(err, message);
    assert.deepEqual(await folder.list(), before);
  });
}

Deno.test("demo: clients that cannot work end it with their reason, and nothing hangs", async () => {
  await using folder = await testFolder();
  const data = await writeRatings(folder);
  const args = ["demo", "--data", data, "--rounds", "12"];
  await using first = startCli(folder.path(), ...args);
  await first.said(/^round {2}1\/12/m);
  first.interrupt();
  await first.ended;
  const devices = (await folder.list()).find((name) => name.endsWith("/devices.db"))!;
  await folder.write(devices, "something else, and long enough to be told from a database");
  await using second = startCli(folder.path(), ...args);
  const { code, err } = await second.ended;
  assert.equal(code, 1);
  assert.match(err, /^tributary: Cannot open \S+devices\.db: file is not a database, [^\n]+\n$/);
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { keptTerminal, runHere, startCli, type TestFolder, testFolder } from "../_testing.ts";
import { runProgram } from "../program.ts";

const FILES = ["items.csv", "model.safetensors", "report.html", "run.json"];

interface Run {
  readonly model: { readonly digest: string; readonly version: number };
  readonly data: { readonly digest: string };
  readonly rounds: readonly { readonly away: number; readonly ms: number }[];
  readonly results: readonly { readonly method: string; readonly figures: readonly number[] }[];
  readonly clients: number;
  readonly reason: string;
}

async function runOf(folder: TestFolder, out = "out"): Promise<Run> {
  return JSON.parse(await Deno.readTextFile(folder.path(`${out}/run.json`)));
}

async function digestOf(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

/** A table whose label is mostly told by one of its columns. */
async function writeTable(folder: TestFolder): Promise<string> {
  const lines = ["age,job,branch,rich"];
  for (let row = 0; row < 240; row++) {
    const rich = row % 3 === 0;
    const job = rich === (row % 10 !== 0) ? "king" : row % 2 === 0 ? "clerk" : "poet";
    lines.push(
      `${20 + row % 50},${job},${"north east south west".split(" ")[row % 4]},${
        rich ? "yes" : "no"
      }`,
    );
  }
  await folder.write(
    "schema.json",
    JSON.stringify({ label: { name: "rich", positive: ["yes"] }, exclude: ["branch"] }),
  );
  return await folder.write("people.csv", `${lines.join("\n")}\n`);
}

Deno.test("simulate: it learns the demo's very model, and later commands use it", async () => {
  await using folder = await testFolder();
  await using simulated = startCli(folder.path(), "simulate", "--rounds", "2");
  const { code, out, err } = await simulated.ended;
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^60 people, 200 items, \d+ ratings \(invented ratings\)$/m);
  assert.match(out, /^simulating 60 clients: a root, 3 regions; nothing goes wrong$/m);
  assert.equal(
    out.match(/^round \d\/2 {2}60 clients · hr@10 \.\d+ ndcg@10 \.\d+ loss \.\d+ · /gm)?.length,
    2,
  );
  assert.deepEqual(await folder.list(), ["out", ...FILES.map((name) => `out/${name}`)]);
  const run = await runOf(folder);
  assert.equal(run.model.digest, await digestOf(folder.path("out/model.safetensors")));
  assert.deepEqual([run.reason, run.rounds.length, run.clients], ["rounds", 2, 60]);
  const hitRate = (method: string) =>
    run.results.find((one) => one.method === method)?.figures[0] ?? NaN;
  assert.ok(hitRate("federated") > hitRate("popularity") + 0.1, out);
  assert.ok(hitRate("local only") < 0.2, out);

  await using demo = startCli(folder.path(), "demo", "--rounds", "2", "--out", "demo");
  assert.equal((await demo.ended).code, 0);
  const live = await runOf(folder, "demo");
  assert.equal(run.model.digest, live.model.digest);

  const model = folder.path("out/model.safetensors");
  const best = await runHere("recommend", "--model", model, "--user", "1", "--count", "3");
  assert.deepEqual([best.code, best.err], [0, []]);
  assert.equal(best.out.split("\n").length, 3);
});

Deno.test("simulate: threads and tree change nothing, faults change what becomes of clients", async () => {
  await using folder = await testFolder();
  const digests = new Set<string>();
  for (const given of [["--workers", "0"], ["--workers", "3", "--tree", "2,2"]]) {
    const args = ["--model", "mf", "--rounds", "2", "--out", folder.path("out")];
    const { code, err } = await runHere("simulate", ...args, ...given);
    assert.deepEqual([code, err], [0, []]);
    digests.add((await runOf(folder)).model.digest);
  }
  assert.equal(digests.size, 1);
  const faults = [
    ...["--dropout", "0.3", "--lost", "0.1", "--region-dropout", ".2"],
    ...["--slow", "100", "--bandwidth", "1"],
  ];
  const { code, out, err } = await runHere(
    ...[
      "simulate",
      "--model",
      "mf",
      "--rounds",
      "2",
      "--workers",
      "2",
      "--out",
      folder.path("out"),
    ],
    ...faults,
  );
  assert.deepEqual([code, err], [0, []]);
  assert.match(out, /30 % of the clients away in a round, 10 % of those who train lost/);
  assert.match(out, /^round 1\/2 {2}\d+ clients · .* · \d+ away · \d+ lost/m);
  const run = await runOf(folder);
  assert.ok(run.rounds.every(({ away, ms }) => away > 0 && ms > 0));
});

for (const end of ["a Ctrl-C", "a kill"]) {
  Deno.test(`simulate: after ${end} the same command goes on, to the same bits`, async () => {
    await using folder = await testFolder();
    const args = [
      "simulate",
      "--model",
      "mf",
      "--rounds",
      "40",
      "--dropout",
      "0.2",
      "--workers",
      "1",
    ];
    {
      await using first = startCli(folder.path(), ...args);
      await first.said(/^round {2}3\/40 .*$/m);
      if (end === "a Ctrl-C") {
        first.interrupt();
        const { code, err } = await first.ended;
        assert.equal(code, 130);
        assert.equal(err, "tributary: Stopped; the same command goes on from here\n");
      }
      // Else it is killed at the end of this block.
    }
    assert.ok((await folder.list()).some((name) => name.endsWith("simulation.db")));
    await using second = startCli(folder.path(), ...args);
    const { code, out } = await second.ended;
    assert.equal(code, 0);
    const after = Number(out.match(/^going on after round (\d+) of the interrupted run/m)?.[1]);
    assert.ok(after >= 3 && after < 40, out);
    assert.match(out, new RegExp(`^round ${String(after + 1).padStart(2)}/40 `, "m"));
    assert.ok(!out.includes(`round ${String(after).padStart(2)}/40 `));
    const resumed = await runOf(folder);
    assert.deepEqual((await folder.list()).filter((name) => name.includes("state")), []);

    const whole = await runHere(...args, "--workers", "0", "--out", folder.path("whole"));
    assert.deepEqual([whole.code, whole.err], [0, []]);
    const { model, rounds, results } = await runOf(folder, "whole");
    assert.deepEqual([resumed.model, resumed.rounds], [model, rounds]);
    assert.deepEqual(resumed.results, results);
  });
}

Deno.test("simulate: a checkpoint is where it is asked for, forgotten when asked, and no other's", async () => {
  await using folder = await testFolder();
  const args = ["simulate", "--rounds", "30", "--checkpoint", "kept"];
  {
    await using first = startCli(folder.path(), ...args);
    await first.said(/^round {2}2\/30 .*$/m);
  }
  for (
    const [change, found] of [
      [
        ["--dropout", "0.2"],
        /^tributary: Cannot go on from a checkpoint: it is of the simulation /,
      ],
      // Other people are invented from it.
      [["--seed", "2"], /^tributary: Cannot go on from .*: it is of data with digest /],
    ] as const
  ) {
    await using other = startCli(folder.path(), ...args, ...change);
    const { code, err } = await other.ended;
    assert.equal(code, 1);
    assert.match(err, found);
  }
  await using fresh = startCli(folder.path(), ...args, "--fresh");
  const { code, out } = await fresh.ended;
  assert.equal(code, 0);
  assert.match(out, /^round {2}1\/30 /m);
});

Deno.test("simulate: a table is dealt out over clients, and compared", async () => {
  await using folder = await testFolder();
  const data = await writeTable(folder);
  const schema = folder.path("schema.json");
  const run = async (...args: string[]) => {
    const given = ["--data", data, "--schema", schema, "--out", folder.path("out")];
    const { code, out, err } = await runHere("simulate", ...given, ...args);
    assert.deepEqual([code, err], [0, []]);
    return { out, ...await runOf(folder) };
  };
  const logistic = await run("--model", "logistic", "--clients", "6", "--rounds", "8");
  assert.match(
    logistic.out,
    /^6 clients, 192 rows, 4 features, 48 rows for the test \(people.csv\)$/m,
  );
  assert.match(logistic.out, /^round 8\/8 {2}6 clients · accuracy \.\d+ brier \.\d+ loss \.\d+ /m);
  assert.deepEqual(logistic.results.map(({ method }) => method), [
    ...["local only", "federated", "central"],
  ]);
  const [area = NaN] = logistic.results[1]?.figures ?? [];
  assert.ok(area > 0.8, logistic.out);
  const branches = await run(
    ...["--model", "mlp", "--partition", "column:branch", "--rounds", "3", "--test", data],
  );
  assert.equal(branches.clients, 4);
  assert.match(branches.out, /240 rows for the test/);
  const skewed = await run(
    ...["--model", "logistic", "--partition", "dirichlet:0.1", "--clients", "5", "--rounds", "2"],
  );
  assert.ok(skewed.clients <= 5);
});

Deno.test("simulate: rows that are dealt out or read in another way are other data", async () => {
  await using folder = await testFolder();
  const data = await writeTable(folder);
  const schema = folder.path("schema.json");
  const digests = new Set<string>();
  const of = ["--model", "logistic", "--data", data, "--clients", "4", "--rounds", "1"];
  const digestWith = async (...args: string[]) => {
    const given = ["--schema", schema, "--workers", "0", "--out", folder.path("out")];
    const { code } = await runHere("simulate", ...of, ...given, ...args);
    assert.equal(code, 0);
    digests.add((await runOf(folder)).data.digest);
  };
  await digestWith();
  await digestWith();
  assert.equal(digests.size, 1);
  await digestWith("--partition", "column:branch");
  assert.equal(digests.size, 2);
  const meaning = JSON.parse(await Deno.readTextFile(schema));
  await Deno.writeTextFile(schema, JSON.stringify({ ...meaning, missing: ["north"] }));
  await digestWith();
  assert.equal(digests.size, 3);
});

Deno.test("simulate: a task file decides over the model, and has to fit the data", async () => {
  await using folder = await testFolder();
  const data = await writeTable(folder);
  const task = (model: Record<string, unknown>) =>
    folder.write(
      "task.json",
      JSON.stringify({ name: "rich", model, clients: { min: 2, max: 6 }, stop: { rounds: 3 } }),
    );
  const args = ["simulate", "--out", folder.path("out"), "--task", folder.path("task.json")];
  const table = ["--data", data, "--schema", folder.path("schema.json"), "--clients", "6"];
  await task({ kind: "logistic", features: 4 });
  const good = await runHere(...args, ...table);
  assert.deepEqual([good.code, good.err], [0, []]);
  assert.match(good.out, /^rich: logistic, stepped by fedavg$/m);
  assert.equal((await runOf(folder)).model.version, 3);
  await task({ kind: "ease", items: 200 });
  const sums = await runHere(...args);
  assert.deepEqual([sums.code, sums.err], [0, []]);
  assert.deepEqual((await runOf(folder)).results.map(({ method }) => method), [
    ...["popularity", "local only", "federated", "central"],
  ]);
  const wrong: [Record<string, unknown>, string[], RegExp][] = [
    [
      { kind: "tensors", tensors: [{ name: "w", shape: [1] }], metrics: [], initialSd: 0 },
      [],
      /it trains tensors/,
    ],
    [{ kind: "logistic", features: 5 }, table, /it has 5 features, expected the 4 of the table/],
    [{ kind: "mf", items: 7, dim: 4 }, [], /it has 7 items, expected the 200 of the ratings/],
  ];
  for (const [model, given, expected] of wrong) {
    await task(model);
    const { code, err } = await runHere(...args, ...given);
    assert.equal(code, 1);
    assert.match(err.join("\n"), expected);
  }
});

Deno.test("simulate: on a terminal a bar shows each round, and how long the others will take", async () => {
  await using folder = await testFolder();
  const terminal = keptTerminal(true);
  const args = ["simulate", "--rounds", "3", "--workers", "0", "--out", folder.path("out")];
  assert.equal(await runProgram(args, terminal), 0);
  const drawn = terminal.drawn();
  assert.match(drawn, /round 1\/3 .*60\/60/);
  assert.match(drawn, /round 2\/3 .* training, \d+(\.\d)? (ms|s) left/);
  assert.ok(!terminal.out.some((line) => line.startsWith("round ")));
});

Deno.test("simulate: wrong flags are one line, and 2", async () => {
  const wrong: [string[], RegExp][] = [
    [
      ["--dropout", "1.5"],
      /'--dropout <rate>' argument '1.5' is invalid. Expected a number from 0/,
    ],
    [["--lost", "-1"], /'--lost <rate>' argument '-1' is invalid/],
    [["--tree", "3,0"], /'--tree <levels>' argument '3,0' is invalid. Expected whole numbers/],
    [["--tree", "3", "--regions", "3"], /'--tree <levels>' cannot be used with option '--regions/],
    [["--slow", "0"], /'--slow <s>' argument '0' is invalid. Expected a number above 0/],
    [["--model", "svd"], /Allowed choices are ials, mf, ease, logistic, mlp/],
    [["--task", "a.json", "--rounds", "3"], /cannot be used with option '--rounds/],
    [["--model", "logistic"], /a table of logistic needs --data and --schema/],
    [["--schema", "a.json"], /--schema has no meaning for ials/],
    [["--clients", "7"], /--clients has no meaning for ials/],
    [["--model", "mlp", "--dim", "4"], /--dim has no meaning for mlp/],
    [["--partition", "dirichlet:0"], /Expected iid, dirichlet:0.3 or column:NAME/],
    [["--workers", "x"], /Expected a whole number/],
    [["films"], /too many arguments/],
  ];
  for (const [args, expected] of wrong) {
    const { code, out, err } = await runHere("simulate", ...args);
    assert.deepEqual([code, out, err.length], [2, "", 1], args.join(" "));
    assert.match(err[0]!, expected);
  }
});

Deno.test("simulate: what cannot be read is one line, and 1, before anything is written", async () => {
  await using folder = await testFolder();
  await folder.write("bad.json", "{}");
  const rows = await folder.write("rows.csv", "age,rich\n39,yes\n50,yes\n");
  const table = ["--model", "logistic", "--data", rows, "--schema"];
  const schemaOf = (name: string, positive: string) =>
    folder.write(name, JSON.stringify({ label: { name: "rich", positive: [positive] } }));
  const out = ["--out", folder.path("out")];
  const wrong: [string[], RegExp][] = [
    [["--data", folder.path("none")], /^tributary: Cannot open .*none: expected a file or folder/],
    [["--task", folder.path("none.json")], /^tributary: Cannot open .*none.json: expected a task/],
    [
      ["--model", "logistic", "--data", folder.path("a.csv"), "--schema", folder.path("bad.json")],
      /^tributary: Cannot .*bad.json/,
    ],
    [
      [...table, await schemaOf("misspelt.json", "Yes")],
      /^tributary: Cannot learn "rich" from rows.csv: none of its 2 rows is positive, expected/,
    ],
    [[...table, await schemaOf("all.json", "yes")], /none of its 2 rows is negative, expected/],
  ];
  for (const [args, expected] of wrong) {
    const { code, err } = await runHere("simulate", ...args, ...out);
    assert.deepEqual([code, err.length], [1, 1]);
    assert.match(err[0]!, expected);
  }
  assert.deepEqual(await folder.list(), ["all.json", "bad.json", "misspelt.json", "rows.csv"]);
});

Deno.test("simulate: ease learns from baskets in one round, of the items that most people have", async () => {
  await using folder = await testFolder();
  const lines = Array.from({ length: 30 }, (_, person) => {
    const own = person % 2 === 0 ? ["tea", "milk", "honey"] : ["nails", "glue", "paint"];
    return `p${person} ${own.join(" ")} rare${person}`;
  });
  const data = await folder.write("shop.txt", `${lines.join("\n")}\n`);
  const reading = ["--data", data, "--events", "baskets", "--popular", "6"];
  const out = folder.path("out");
  const { code, out: text, err } = await runHere(
    ...["simulate", "--model", "ease", "--out", out, ...reading],
  );
  assert.deepEqual([code, err], [0, []]);
  assert.match(text, /^30 people, 6 items, 90 ratings \(shop\.txt\)$/m);
  const run = await runOf(folder);
  assert.equal(run.rounds.length, 1);
  const [federated, central] = run.results.slice(2);
  assert.deepEqual([federated?.method, central?.method], ["federated", "central"]);
  assert.equal(federated?.figures[0], 1);
  // Its sums are those of one place, to the last bit.
  assert.deepEqual(federated?.figures, central?.figures);
  const model = folder.path("out/model.safetensors");
  const best = await runHere("recommend", "--model", model, "--user", "p0", "--count", "3");
  assert.deepEqual([best.code, best.err], [0, []]);

  const dim = await runHere("simulate", "--model", "ease", "--dim", "3", "--out", out);
  assert.notEqual(dim.code, 0);
  assert.match(dim.err.join("\n"), /--dim has no meaning for ease/);
});

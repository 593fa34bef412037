import assert from "node:assert/strict";
import { testFolder } from "./_testing.ts";
import { itemsDigest } from "./items_file.ts";
import { openTaskFile } from "./task_file.ts";

const FILMS = {
  name: "films",
  model: { kind: "ials", items: 2, dim: 4 },
  clients: { min: 4, max: 100 },
  stop: { rounds: 5 },
};

Deno.test("task file: what is left out has its default", async () => {
  const task = await openTaskFile(
    decodeURIComponent(new URL("../../examples/films.json", import.meta.url).pathname),
  );
  assert.deepEqual([task.name, task.model.kind, task.strategy.kind, task.update.slotBits], [
    "films",
    "ials",
    "als-newton",
    19,
  ]);
  assert.equal(task.catalogue, undefined);
});

Deno.test("task file: with the items' file the task names them, and their number must fit", async () => {
  await using folder = await testFolder();
  const path = await folder.write("task.json", JSON.stringify(FILMS));
  const items = await folder.write("items.csv", "item,title\na,Alien\nb,Brazil\n");
  assert.equal((await openTaskFile(path, items)).catalogue, await itemsDigest(["a", "b"]));
  await folder.write("items.csv", "item,title\na,Alien\n");
  await assert.rejects(openTaskFile(path, items), {
    code: "task-refused",
    message: /items\.csv: it has 1 items, expected as many as the model has: 2/,
  });
});

Deno.test("task file: of a strategy what is left out has its default too", async () => {
  await using folder = await testFolder();
  const path = await folder.write(
    "task.json",
    JSON.stringify({
      ...FILMS,
      model: { kind: "logistic", features: 3 },
      strategy: { kind: "scaffold", population: 500 },
    }),
  );
  const task = await openTaskFile(path);
  assert.deepEqual(task.strategy, {
    ...{ kind: "scaffold", population: 500, lr: 1, range: 1, controlRange: 1 },
  });
});

const BAD: [string, unknown, RegExp][] = [
  [
    "another model",
    { ...FILMS, model: { kind: "gpt" } },
    /"gpt": expected one of mf, ials, /,
  ],
  [
    "a strategy without what has no default",
    { ...FILMS, model: { kind: "logistic", features: 3 }, strategy: { kind: "scaffold" } },
    /Cannot use strategy scaffold: population/,
  ],
  [
    "a misspelt option of its strategy",
    { ...FILMS, strategy: { kind: "als-newton", rate: 1 } },
    /Cannot use strategy als-newton: rate/,
  ],
  ["a misspelt field", { ...FILMS, roundMS: 5 }, /roundMS/],
  ["a field of another type", { ...FILMS, roundMs: "5" }, /roundMs/],
  ["no clients", { ...FILMS, clients: { min: 0, max: 0 } }, /clients\.min/],
  ["slots that overflow", { ...FILMS, clients: { min: 1, max: 400_000 } }, /slot|bits/i],
  [
    "a stop by no metric",
    { ...FILMS, stop: { rounds: 5, target: { metric: "x", value: 1 } } },
    /"x"/,
  ],
  ["more than fits", { ...FILMS, model: { kind: "ials", items: 9e6, dim: 64 } }, /./],
];

for (const [what, content, message] of BAD) {
  Deno.test(`task file: one with ${what} is refused when it is read`, async () => {
    await using folder = await testFolder();
    const path = await folder.write("task.json", JSON.stringify(content));
    await assert.rejects(openTaskFile(path), { code: "task-refused", message });
  });
}

Deno.test("task file: one that is not there or not JSON is named", async () => {
  await using folder = await testFolder();
  const path = await folder.write("task.json", "{");
  await assert.rejects(openTaskFile(path), /task\.json: it is not JSON/);
  await assert.rejects(openTaskFile(folder.path("gone")), /Cannot open .*gone: expected a task/);
});

Deno.test("task file: a mask is filled in: the usual committee, and sums of the fewest clients", async () => {
  await using folder = await testFolder();
  const letters = ["A", "B", "C", "D", "E"];
  const helpers = letters.map((letter, at) => ({
    url: `https://${at}.example`,
    key: `${letter.repeat(42)}A`,
    identity: `${letter.repeat(42)}Q`,
  }));
  const mask = { kind: "kahe1", helpers };
  const path = await folder.write("task.json", JSON.stringify({ ...FILMS, mask }));
  assert.deepEqual((await openTaskFile(path)).mask, {
    ...mask,
    ...{ threshold: 4, colluding: 2, min: 4, groups: 1 },
  });
});

Deno.test("task file: a mask without its helpers, or of no kind, is refused", async () => {
  await using folder = await testFolder();
  for (const mask of [{ kind: "kahe1" }, { kind: "rot13" }, { kind: "two_helper", helpers: 2 }]) {
    const path = await folder.write("task.json", JSON.stringify({ ...FILMS, mask }));
    await assert.rejects(openTaskFile(path), { code: "task-refused", message: /at mask/ });
  }
});

import assert from "node:assert/strict";
import { startCli, testFolder } from "../_testing.ts";

const FILMS = decodeURIComponent(new URL("../../../examples/films.json", import.meta.url).pathname);
const TOKEN = "op3rator";

Deno.test("root: with --log json all that it prints is JSON; figures and page are there, for whom they are meant", async () => {
  await using folder = await testFolder();
  const items = Array.from({ length: 12 }, (_, at) => `film${at},${at}`);
  await folder.write("items.csv", ["item,title", ...items, ""].join("\n"));
  await using root = startCli(
    { cwd: folder.path(), env: { TRIBUTARY_OPERATOR_TOKEN: TOKEN } },
    ...["root", "--task", FILMS, "--items", "items.csv", "--log", "json"],
    ...["--metrics", "--dashboard"],
  );
  const [, url = ""] = await root.said(/listening at (http:[^ ]+) as /);
  await root.said(/"message":"dashboard at http:[^ ]+\/dashboard, and with #token/);
  await root.said(/"message":"ready"/);
  const ready = await fetch(`${url}/readyz`);
  assert.deepEqual(await ready.json(), { status: "ok" });
  const id = ready.headers.get("tributary-request");
  await root.said(new RegExp(`"path":"/readyz".*"request":"${id}"`));
  const page = await fetch(`${url}/dashboard`);
  assert.match(await page.text(), /^<!doctype html>/);
  const refused = await fetch(`${url}/metrics`);
  assert.equal((await refused.json()).code, "operator-refused");
  const headers = { authorization: `Bearer ${TOKEN}` };
  assert.match(await (await fetch(`${url}/metrics`, { headers })).text(), /^tributary_ready 1$/m);
  root.interrupt();
  const { code, out, err } = await root.ended;
  assert.deepEqual([code, err], [0, ""]);
  for (const line of out.trim().split("\n")) {
    const { time, level, kind } = JSON.parse(line);
    assert.ok(Date.parse(time) > 0 && typeof level === "string" && typeof kind === "string", line);
  }
  assert.ok(!out.includes(TOKEN));
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import parsePrometheusText from "parse-prometheus-text-format";
import { canRunWorkerd, startWorker } from "./_testing.ts";

/** A root in a worker's memory, watched by everybody that there is. */
const SOURCE = `
import core from "../../wasm/aggregate/pkg/aggregate_bg.wasm";
import { generateIdentity } from "../../src/core/identity.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createAggregatorApp } from "../app.ts";
import { dashboard } from "../dashboard/mod.ts";
import { memoryStore } from "../memory/mod.ts";
import { jsonLines, prometheus } from "../observe/mod.ts";

let app;
const lines = [];
async function start() {
  const made = createAggregatorApp({
    store: memoryStore(),
    identity: await generateIdentity(),
    module: core,
    strategy: () => { throw new Error("no task"); },
    logger: jsonLines({ clock: systemClock(), write: (line) => lines.push(line) }),
    observers: [prometheus(), dashboard()],
  });
  await made.aggregator.start();
  return made;
}
export default {
  async fetch(request) {
    app ??= await start();
    if (new URL(request.url).pathname === "/lines") return Response.json(lines);
    return await app.fetch(request);
  },
};
`;

Deno.test({
  name: "observers in workerd: figures, the page and lines of JSON, as on every platform",
  ignore: !await canRunWorkerd(),
  // Miniflare keeps some of its own for longer.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using worker = await startWorker({ source: SOURCE, objects: {} });
    const ready = await fetch(`${worker.url}/readyz`);
    assert.deepEqual(await ready.json(), { status: "ok" });

    const metrics = await fetch(`${worker.url}/metrics`);
    const families: { name: string; metrics: { value: string }[] }[] = parsePrometheusText(
      await metrics.text(),
    );
    const value = (name: string) =>
      families.find((family) => family.name === name)?.metrics[0]?.value;
    assert.equal(value("tributary_ready"), "1");
    assert.equal(value("tributary_requests_total"), "1");

    const answer = await fetch(`${worker.url}/dashboard`);
    const page = await answer.text();
    const script = /<script>(.*?)<\/script>/s.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(script).digest("base64");
    assert.ok(answer.headers.get("content-security-policy")?.includes(`'sha256-${hash}'`));

    const lines: string[] = await (await fetch(`${worker.url}/lines`)).json();
    const [first] = lines.map((line) => JSON.parse(line));
    assert.deepEqual([first.kind, first.path, first.request], [
      ...["request", "/readyz", ready.headers.get("tributary-request")],
    ]);
  },
});

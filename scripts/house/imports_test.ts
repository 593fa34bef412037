import assert from "node:assert/strict";
import { checkImports, LAYERS } from "./imports.ts";
import { parseSources } from "./source_tree.ts";

const names = { imports: ["hono", "@noble/hashes"], name: "@tributary/tributary" };

function complaints(texts: Record<string, string>): string[] {
  return checkImports(parseSources(texts), names).map((f) => `${f.file}:${f.line} ${f.message}`);
}

Deno.test("imports: a clean tree passes", () => {
  assert.deepEqual(
    complaints({
      "mod.ts": `export * from "./src/core/bytes.ts"; export * from "./src/client/join.ts";`,
      "src/core/bytes.ts": `import { sha256 } from "@noble/hashes/sha2.js";`,
      "src/wasm/inline.ts": `await import("../../wasm/aggregate/pkg/inline.ts");`,
      "src/update/encode.ts": `import "../core/bytes.ts"; import "../wasm/aggregate.ts";`,
      "src/cli/main.ts":
        `import "../sim/simulate.ts"; import "../../edge/app.ts"; import "node:fs";`,
      "src/cli/version.ts": `import manifest from "../../deno.json" with { type: "json" };`,
      "edge/app.ts": `import "../src/round/step.ts"; import { Hono } from "hono";`,
      "edge/sqlite/mod.ts": `import "../store.ts"; import "../helper/store.ts";`,
      "edge/root/open_sum.ts": `import "../helper/plan.ts";`,
      "edge/helper/app.ts": `import "../guard.ts"; import "../../src/mask/mod.ts";`,
      "examples/films.ts": `import { join } from "@tributary/tributary";`,
    }),
    [],
  );
});

Deno.test("imports: a layer that imports upwards is found, types and dynamic imports too", () => {
  assert.deepEqual(
    complaints({
      "src/core/a.ts": `import { x } from "../wire/x.ts";`,
      "src/wire/b.ts": `import type { X } from "../round/x.ts";`,
      "src/round/c.ts": `\nawait import("../client/join.ts");`,
      "src/update/d.ts": `export * from "../mask/none.ts";`,
    }),
    [
      "src/core/a.ts:1 imports src/wire/x.ts: core may import no other layer",
      "src/round/c.ts:2 imports src/client/join.ts: round may import core, wire",
      "src/update/d.ts:1 imports src/mask/none.ts: update may import core, wasm, wire, privacy",
      "src/wire/b.ts:1 imports src/round/x.ts: wire may import core",
    ],
  );
});

Deno.test("imports: edge reaches no training code, whatever layer it goes through", () => {
  const training = ["client", "nn", "models", "task", "data", "tensor", "sim", "cli"];
  const reach = new Set<string>();
  const follow = (layer: string): void => {
    for (const next of LAYERS[layer]!) {
      if (reach.has(next)) continue;
      reach.add(next);
      follow(next);
    }
  };
  follow("edge");
  assert.deepEqual(training.filter((layer) => reach.has(layer)), []);
  assert.equal(
    complaints({ "edge/app.ts": `import "../src/models/mf.ts";` })[0],
    "edge/app.ts:1 imports src/models/mf.ts: edge may import " + LAYERS["edge"]!.join(", "),
  );
});

Deno.test("imports: the layers have no cycle", () => {
  const above = new Map(Object.entries(LAYERS));
  while (above.size > 0) {
    const lowest = [...above].find(([, below]) => !below.some((layer) => above.has(layer)));
    assert.ok(lowest, `a cycle among ${[...above.keys()].join(", ")}`);
    above.delete(lowest[0]);
  }
});

Deno.test("imports: platform-free edge code may not import a platform", () => {
  assert.deepEqual(complaints({ "edge/app.ts": `import "./sqlite/store.ts";` }), [
    "edge/app.ts:1 imports edge/sqlite/store.ts: platform-free code knows no platform",
  ]);
});

Deno.test("imports: what is neither pinned nor local is found everywhere, tests too", () => {
  assert.deepEqual(
    complaints({
      "scripts/a.ts": `import "jsr:@std/assert";`,
      "src/core/b_test.ts": `import "https://deno.land/x/y.ts";`,
      "bench/c.ts": `import "npm:hono@4";`,
      "src/core/d.ts": `import "hono-openapi";`,
      "src/core/e.ts": `import "/etc/f.ts";`,
    }),
    [
      `bench/c.ts:1 imports "npm:hono@4", which deno.json does not pin under imports`,
      `scripts/a.ts:1 imports "jsr:@std/assert", which deno.json does not pin under imports`,
      `src/core/b_test.ts:1 imports "https://deno.land/x/y.ts", which deno.json does not pin under imports`,
      `src/core/d.ts:1 imports "hono-openapi", which deno.json does not pin under imports`,
      `src/core/e.ts:1 imports "/etc/f.ts", an absolute path`,
    ],
  );
});

Deno.test("imports: shipped code takes nothing from tests, scripts or another part's built wasm", () => {
  assert.deepEqual(
    complaints({
      "src/core/a.ts": `import "./b_test.ts";`,
      "src/wire/c.ts": `import "../../scripts/check.ts";`,
      "src/update/d.ts": `import "../../wasm/aggregate/pkg/aggregate.js";`,
      "src/misc/e.ts": `import "../core/a.ts";`,
    }),
    [
      "src/core/a.ts:1 imports src/core/b_test.ts, a test",
      "src/misc/e.ts:1 is in no layer of the project: add its folder to the order",
      "src/update/d.ts:1 imports wasm/aggregate/pkg/aggregate.js, which is outside src/ and edge/",
      "src/wire/c.ts:1 imports scripts/check.ts, which is outside src/ and edge/",
    ],
  );
});

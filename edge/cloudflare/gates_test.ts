import assert from "node:assert/strict";
import { generateIdentity } from "../../src/core/identity.ts";
import { generateHelperKey } from "../../src/mask/helper_key.ts";
import { module } from "../_testing.ts";
import { createAggregatorApp } from "../app.ts";
import { createHelperApp } from "../helper/app.ts";
import { memoryHelperStore, memoryStore } from "../memory/mod.ts";
import { HELPER_GATES, REGION_GATES } from "./gates.ts";

/** Addresses that are a worker's own affair. */
const OWN = ["/healthz", "/readyz", "/openapi.json", "/v1/tasks", "/*"];

function routesOf(routes: readonly { readonly method: string; readonly path: string }[]): string[] {
  const ours = routes.filter(({ method, path }) => method !== "ALL" && !OWN.includes(path));
  return [...new Set(ours.map(({ method, path }) => `${method} ${path}`))].sort();
}

Deno.test("gates: a region's worker has one for each route of a region, and no other", async () => {
  const identity = await generateIdentity();
  const parent = { url: "http://root.test" };
  const app = createAggregatorApp({ store: memoryStore(), identity, module, parent });
  assert.deepEqual(routesOf(REGION_GATES), routesOf(app.routes));
});

Deno.test("gates: a helper's worker has one for each route of a helper, and no other", async () => {
  const identity = await generateIdentity();
  const keys = [await generateHelperKey()];
  const app = createHelperApp({ store: memoryHelperStore(), identity, module, keys });
  assert.deepEqual(routesOf(HELPER_GATES), routesOf(app.routes));
});

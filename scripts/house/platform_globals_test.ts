import assert from "node:assert/strict";
import { checkPlatformGlobals } from "./platform_globals.ts";
import { parseSources } from "./source_tree.ts";

function complaints(texts: Record<string, string>): string[] {
  return checkPlatformGlobals(parseSources(texts)).map((f) => `${f.file}:${f.line} ${f.message}`);
}

/** What is said of one line of shipped code, without place and reason. */
function used(code: string): string[] {
  return checkPlatformGlobals(parseSources({ "src/wire/a.ts": code })).map((f) =>
    f.message.replace(/:.*/, "")
  );
}

Deno.test("platform globals: each reserved global is found where it is read", () => {
  assert.deepEqual(
    complaints({ "src/wire/a.ts": "export const a = 1;\nconst port = Deno.env.get('PORT');" }),
    ["src/wire/a.ts:2 uses Deno.env.get: the platform is injected"],
  );
  assert.deepEqual(complaints({ "edge/app.ts": "export const now = () => Date.now();" }), [
    "edge/app.ts:1 uses Date.now: the clock is injected, and read only in src/core/clock.ts",
  ]);
  assert.deepEqual(used("const r = Math.random();"), ["uses Math.random"]);
  assert.deepEqual(used("crypto.getRandomValues(x); crypto.subtle.digest(y, z);"), [
    "uses crypto.getRandomValues",
  ]);
  assert.deepEqual(used("await fetch(url);"), ["uses fetch"]);
  assert.deepEqual(used("setTimeout(f, 1); performance.now();"), [
    "uses setTimeout",
    "uses performance.now",
  ]);
  assert.deepEqual(used("process.exit(1); console.log(1);"), [
    "uses process.exit",
    "uses console.log",
  ]);
  assert.deepEqual(used("const a = new Date(), b = Date(), c = new Date(0), d = Date.UTC(1);"), [
    "uses Date",
    "uses Date",
  ]);
});

Deno.test("platform globals: aliases of a global are found too", () => {
  assert.deepEqual(used("const options = { fetch };"), ["uses fetch"]);
  assert.deepEqual(used("function f(get = fetch) {}"), ["uses fetch"]);
  assert.deepEqual(used("globalThis.fetch(url); self.Math.random();"), [
    "uses fetch",
    "uses Math.random",
  ]);
  assert.deepEqual(used("const { fetch } = globalThis;"), ["uses globalThis as a whole"]);
  assert.deepEqual(used("const now = Date.now;"), ["uses Date.now"]);
});

Deno.test("platform globals: what is injected under the same name passes", () => {
  assert.deepEqual(used("function get(fetch: typeof globalThis.fetch) { return fetch('/'); }"), []);
  assert.deepEqual(used("function get({ fetch }: { fetch: typeof fetch }) { fetch('/'); }"), []);
  assert.deepEqual(used("import { performance } from './clock.ts'; performance.now();"), []);
  assert.deepEqual(used("options.fetch('/'); const { fetch: get } = options; get();"), []);
  assert.deepEqual(used("interface Port { process(): void; setTimeout: number }"), []);
  assert.deepEqual(used("export { fetch } from './x.ts';"), []);
  assert.deepEqual(used("type Timer = ReturnType<typeof setTimeout>;"), []);
  assert.deepEqual(used("/** Unlike `Date.now()`. */ export const text = 'Deno';"), []);
});

Deno.test("platform globals: a platform's types are as much its own as its values", () => {
  assert.deepEqual(used("export function serve(info: Deno.ServeHandlerInfo): void {}"), [
    "uses Deno.ServeHandlerInfo",
  ]);
});

Deno.test("platform globals: a platform's modules are found, types too", () => {
  assert.deepEqual(
    complaints({
      "src/core/a.ts": `import type { Buffer } from "node:buffer";`,
      "edge/memory/b.ts": `import { DurableObject } from "cloudflare:workers";`,
    }),
    [
      `edge/memory/b.ts:1 imports "cloudflare:workers": a platform's modules belong in src/cli/ or edge/<platform>/`,
      `src/core/a.ts:1 imports "node:buffer": a platform's modules belong in src/cli/ or edge/<platform>/`,
    ],
  );
});

Deno.test("platform globals: their own places may use them, and only their own", () => {
  assert.deepEqual(
    complaints({
      "src/core/clock.ts": "export const now = Date.now; setTimeout(f, 1);",
      "src/core/random.ts": "crypto.getRandomValues(bytes);",
      "src/core/fetch.ts": "export const systemFetch = (request) => fetch(request);",
      "src/cli/main.ts": "console.log(Deno.args, Date.now());",
      "edge/sqlite/store.ts": `import { DatabaseSync } from "node:sqlite";`,
      "edge/deno/serve.ts": "Deno.serve(handler);",
      "src/core/a_test.ts": "Deno.test('a', () => {});",
      "tests/b.ts": "await fetch(url);",
      "scripts/c.ts": "Deno.exit(1);",
    }),
    [],
  );
  assert.deepEqual(
    complaints({ "src/core/clock.ts": "Math.random();", "src/core/random.ts": "Date.now();" }),
    [
      "src/core/clock.ts:1 uses Math.random: randomness is injected, and read only in src/core/random.ts",
      "src/core/random.ts:1 uses Date.now: the clock is injected, and read only in src/core/clock.ts",
    ],
  );
});

import assert from "node:assert/strict";
import { announceOutages } from "./outage.ts";

Deno.test("outage: it is told once when it begins, and once when it is over", async () => {
  const lines: string[] = [];
  const answers = [true, false, false, true, true, false];
  const fetch = announceOutages("the parent", (line) => lines.push(line), () => {
    if (answers.shift()) return Promise.resolve(new Response("hello"));
    return Promise.reject(new TypeError("connection refused"));
  });
  const texts: string[] = [];
  while (answers.length > 0) {
    const request = new Request("http://127.0.0.1/");
    texts.push(await fetch(request).then((response) => response.text(), String));
  }
  const refused = "TypeError: connection refused";
  assert.deepEqual(texts, ["hello", refused, refused, "hello", "hello", refused]);
  const away = "cannot reach the parent; trying again until it answers";
  assert.deepEqual(lines, [away, "the parent answers again", away]);
});

Deno.test("outage: a request that was given up is none", async () => {
  const lines: string[] = [];
  const fetch = announceOutages("x", (line) => lines.push(line), () => Promise.reject(new Error()));
  const request = new Request("http://127.0.0.1/", { signal: AbortSignal.abort() });
  await assert.rejects(fetch(request));
  assert.deepEqual(lines, []);
});

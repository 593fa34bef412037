import assert from "node:assert/strict";
import type { LogLine } from "./logger.ts";
import { watchingOf } from "./observer.ts";
import { type Trace, tracedFetch, untraced, type Work } from "./trace.ts";

const LINE: LogLine = { kind: "write", task: "t", jobs: 1, ms: 0 };

Deno.test("observers: each takes every line, in their order, the server's own logger first", () => {
  const heard: string[] = [];
  const hears = (name: string) => (line: LogLine) => void heard.push(`${name} ${line.kind}`);
  const { logger, trace } = watchingOf({
    logger: hears("own"),
    observers: [{ logger: hears("first") }, {}, { logger: hears("second") }],
  });
  logger(LINE);
  assert.deepEqual(heard, ["own write", "first write", "second write"]);
  assert.equal(trace, untraced);
});

Deno.test("observers: those that time lie within each other, and each hears what becomes known", async () => {
  const heard: string[] = [];
  const times = (name: string): Trace => async (work, run) => {
    heard.push(`${name} begins ${work.kind}`);
    try {
      return await run((facts) => void heard.push(`${name} notes ${facts["status"]}`));
    } finally {
      heard.push(`${name} ends`);
    }
  };
  const { trace } = watchingOf({
    observers: [{ trace: times("outer") }, { trace: times("inner") }],
  });
  const result = await trace({ kind: "commit" }, (note) => {
    note({ status: 201 });
    return Promise.resolve(7);
  });
  assert.equal(result, 7);
  assert.deepEqual(heard, [
    ...["outer begins commit", "inner begins commit", "outer notes 201", "inner notes 201"],
    ...["inner ends", "outer ends"],
  ]);
  const error = new Error("broken");
  await assert.rejects(trace({ kind: "read" }, () => Promise.reject(error)), error);
  assert.equal(heard.at(-1), "outer ends");
});

Deno.test("traced fetch: the request that is sent is the one that was told, whose headers may grow", async () => {
  const works: Work[] = [];
  const trace: Trace = (work, run) => {
    works.push(work);
    if (work.kind === "call") work.request.headers.set("traceparent", "00-ab-cd-01");
    return run(() => {});
  };
  const seen: (string | null)[] = [];
  const fetch = tracedFetch((request) => {
    seen.push(request.headers.get("traceparent"));
    return Promise.resolve(new Response(null, { status: 204 }));
  }, trace);
  assert.equal((await fetch(new Request("http://parent.test/x"))).status, 204);
  assert.deepEqual(seen, ["00-ab-cd-01"]);
  assert.deepEqual(works.map(({ kind }) => kind), ["call"]);
});

import assert from "node:assert/strict";
import { ERROR_CODES, TributaryError } from "../core/errors.ts";
import { errorOf, problemOf } from "./problem.ts";

Deno.test("problem: every code travels there and back", () => {
  for (const code of ERROR_CODES) {
    const error = new TributaryError(code, `Cannot do it: ${code}`, { retryAfterS: 7 });
    const { status, headers, problem } = problemOf(error);
    assert.equal(status, error.status);
    assert.equal(problem.status, error.status);
    assert.equal(problem.type, `urn:tributary:error:${code}`);
    assert.equal(headers["content-type"], "application/problem+json");
    const back = errorOf(JSON.parse(JSON.stringify(problem)), headers["retry-after"] ?? null);
    assert.ok(back !== undefined);
    assert.deepEqual(
      [back.code, back.message, back.status, back.retryAfterS],
      [code, error.message, error.status, 7],
    );
  }
});

Deno.test("problem: 429 and 503 always say when to come back", () => {
  const busy = problemOf(new TributaryError("busy", "Cannot take it: full"));
  assert.equal(busy.headers["retry-after"], "1");
  const many = problemOf(new TributaryError("too-many-requests", "x", { retryAfterS: 2.2 }));
  assert.equal(many.headers["retry-after"], "3");
  assert.equal(problemOf(new TributaryError("not-found", "x")).headers["retry-after"], undefined);
});

Deno.test("problem: an unknown error is internal and says nothing of itself", () => {
  for (const secret of [new Error("password=hunter2"), "hunter2", { hunter2: 1 }, undefined]) {
    const { status, problem } = problemOf(secret);
    assert.equal(status, 500);
    assert.equal(problem.code, "internal");
    assert.ok(!JSON.stringify(problem).includes("hunter2"));
  }
});

Deno.test("problem: a cause does not travel", () => {
  const cause = new Error("select * from secrets");
  const { problem } = problemOf(new TributaryError("store-failed", "Cannot write", { cause }));
  assert.ok(!JSON.stringify(problem).includes("secrets"));
});

Deno.test("problem: the title is the code in words", () => {
  assert.equal(problemOf(new TributaryError("sid-mismatch", "x")).problem.title, "Sid mismatch");
});

Deno.test("problem: members of later versions are passed over, other documents are none", () => {
  const { problem } = problemOf(new TributaryError("round-closed", "Cannot: closed"));
  assert.equal(errorOf({ ...problem, instance: "/x", extra: [1] }, null)?.code, "round-closed");
  for (
    const none of [
      null,
      "text",
      {},
      { ...problem, code: "no-such-code" },
      { ...problem, code: "constructor" },
      { ...problem, detail: 1 },
      { ...problem, status: 200 },
    ]
  ) {
    assert.equal(errorOf(none, null), undefined);
  }
});

Deno.test("problem: a Retry-After that is no number of seconds is passed over", () => {
  const { problem } = problemOf(new TributaryError("busy", "x"));
  for (
    const field of [null, "", "soon", "-1", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT", "9".repeat(9)]
  ) {
    assert.equal(errorOf(problem, field)?.retryAfterS, undefined);
  }
  assert.equal(errorOf(problem, "0")?.retryAfterS, 0);
});

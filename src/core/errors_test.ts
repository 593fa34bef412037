import assert from "node:assert/strict";
import {
  ERROR_CODES,
  type ErrorCode,
  isErrorCode,
  isTributaryError,
  TributaryError,
} from "./errors.ts";

Deno.test("errors: each code has the HTTP status of its kind", () => {
  const statuses: Partial<Record<ErrorCode, number>> = {
    "bad-request": 400,
    "signature-missing": 401,
    "request-replayed": 401,
    "member-unknown": 403,
    "round-unknown": 404,
    "round-closed": 409,
    "update-conflict": 409,
    "length-required": 411,
    "body-too-long": 413,
    "encoding-refused": 415,
    "range-not-satisfiable": 416,
    "digest-mismatch": 422,
    "task-refused": 422,
    "too-many-requests": 429,
    "core-trap": 500,
    "peer-unreachable": 502,
    "busy": 503,
  };
  for (const [code, status] of Object.entries(statuses)) {
    assert.equal(new TributaryError(code as ErrorCode, "Cannot").status, status, code);
  }
});

Deno.test("errors: codes are a closed, ordered set of kebab-case names with error statuses", () => {
  assert.ok(ERROR_CODES.length > 30);
  assert.equal(new Set(ERROR_CODES).size, ERROR_CODES.length);
  const statuses = ERROR_CODES.map((code) => {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    return new TributaryError(code, "Cannot").status;
  });
  assert.ok(statuses.every((status) => status >= 400 && status <= 599));
  assert.deepEqual(statuses, [...statuses].sort((a, b) => a - b));
});

Deno.test("errors: one carries its sentence, cause and when to retry, and its name", () => {
  const cause = new Error("disk full");
  const error = new TributaryError("busy", "Cannot take an update: 8 are being read", {
    cause,
    retryAfterS: 2,
  });
  assert.equal(error.message, "Cannot take an update: 8 are being read");
  assert.equal(error.code, "busy");
  assert.equal(error.cause, cause);
  assert.equal(error.retryAfterS, 2);
  assert.equal(`${error}`, "TributaryError: Cannot take an update: 8 are being read");
  const plain = new TributaryError("internal", "Cannot");
  assert.equal(plain.retryAfterS, undefined);
  assert.ok(!("cause" in plain));
});

Deno.test("errors: they are told from others, and by their code", () => {
  const error = new TributaryError("busy", "Cannot");
  assert.ok(isTributaryError(error));
  assert.ok(isTributaryError(error, "busy"));
  assert.ok(!isTributaryError(error, "internal"));
  assert.ok(!isTributaryError(new Error("busy")));
  assert.ok(!isTributaryError({ code: "busy", status: 503 }));
  assert.ok(!isTributaryError(undefined));
});

Deno.test("errors: a name met on the wire is a code only if this version has it", () => {
  assert.ok(ERROR_CODES.every(isErrorCode));
  for (const name of ["", "Busy", "toString", "__proto__", "constructor"]) {
    assert.ok(!isErrorCode(name), name);
  }
});

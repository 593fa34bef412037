import assert from "node:assert/strict";
import { toBase64Url } from "../../src/core/bytes.ts";
import type { CheckOf } from "../../src/core/identity.ts";
import { createKeyChecks } from "./key_checks.ts";

/** Keys by their first byte; 0, 1 and 2 are no good ones. */
const key = (first: number) => toBase64Url(new Uint8Array(32).fill(7).with(0, first));

/** A check of keys that notes which it was given. */
function noting() {
  const imported: number[] = [];
  const checkOf: CheckOf = (publicKey) => {
    imported.push(publicKey[0]!);
    return () => true;
  };
  return { imported, checkOf };
}

Deno.test("key checks: a key that is kept is imported once, until as many others have come", async () => {
  const { imported, checkOf } = noting();
  const checks = createKeyChecks(checkOf, 2);
  for (const first of [10, 11, 10, 11, 12, 11, 10]) await checks(key(first), true);
  assert.deepEqual(imported, [10, 11, 12, 10]);
});

Deno.test("key checks: strangers' keys are imported each time, and push no other out", async () => {
  const { imported, checkOf } = noting();
  const checks = createKeyChecks(checkOf, 1);
  await checks(key(10), true);
  for (const first of [11, 11, 12]) await checks(key(first), false);
  await checks(key(10), false);
  assert.deepEqual(imported, [10, 11, 11, 12]);
});

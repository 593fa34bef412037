import assert from "node:assert/strict";
import { admitAll, admitByToken } from "./admission.ts";

const applicant = { task: "t", member: "m", kind: "client", size: 1, token: undefined } as const;

Deno.test("admission: by token lets only those in who have it", () => {
  const admit = admitByToken("secret");
  assert.equal(admit({ ...applicant, token: "secret" }), true);
  assert.equal(admit({ ...applicant, token: "secret2" }), false);
  assert.equal(admit({ ...applicant, token: "" }), false);
  assert.equal(admit(applicant), false);
});

Deno.test("admission: a client's token makes nobody a region where regions have another", () => {
  const admit = admitByToken("secret", "other");
  const region = { ...applicant, kind: "region" } as const;
  assert.equal(admit({ ...applicant, token: "secret" }), true);
  assert.equal(admit({ ...region, token: "secret" }), false);
  assert.equal(admit({ ...region, token: "other" }), true);
  assert.equal(admit({ ...applicant, token: "other" }), false);
  assert.equal(admitByToken("secret")({ ...region, token: "secret" }), true);
});

Deno.test("admission: open lets everyone in", () => {
  assert.equal(admitAll(applicant), true);
});

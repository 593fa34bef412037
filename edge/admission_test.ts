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

Deno.test("admission: open lets everyone in", () => {
  assert.equal(admitAll(applicant), true);
});

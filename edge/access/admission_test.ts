import assert from "node:assert/strict";
import { admitAll, admitByToken } from "./admission.ts";
import type { Admit, Applicant } from "./admission.ts";

async function kindOf(admit: Admit, applicant: Applicant): Promise<string> {
  return (await admit(applicant)).kind;
}

const applicant = { task: "t", member: "m", kind: "client", size: 1, token: undefined } as const;

Deno.test("admission: by token lets only those in who have it", async () => {
  const admit = admitByToken("secret");
  assert.equal(await kindOf(admit, { ...applicant, token: "secret" }), "admitted");
  assert.equal(await kindOf(admit, { ...applicant, token: "secret2" }), "refused");
  assert.equal(await kindOf(admit, { ...applicant, token: "" }), "refused");
  assert.equal(await kindOf(admit, applicant), "refused");
});

Deno.test("admission: a client's token makes nobody a region where regions have another", async () => {
  const admit = admitByToken("secret", "other");
  const region = { ...applicant, kind: "region" } as const;
  assert.equal(await kindOf(admit, { ...applicant, token: "secret" }), "admitted");
  assert.equal(await kindOf(admit, { ...region, token: "secret" }), "refused");
  assert.equal(await kindOf(admit, { ...region, token: "other" }), "admitted");
  assert.equal(await kindOf(admit, { ...applicant, token: "other" }), "refused");
  assert.equal(await kindOf(admitByToken("secret"), { ...region, token: "secret" }), "admitted");
});

Deno.test("admission: open lets everyone in", async () => {
  assert.equal(await kindOf(admitAll, applicant), "admitted");
});

import assert from "node:assert/strict";
import { personIn } from "./person.ts";

Deno.test("person: by id, and the only one without asking", () => {
  assert.equal(personIn(["ann", "bob"], "bob"), 1);
  assert.equal(personIn(["ann"], undefined), 0);
});

Deno.test("person: a strange id and a choice of several are refused with some that there are", () => {
  assert.throws(() => personIn(["ann", "bob"], "eve"), {
    code: "bad-data",
    message: /found --user eve, expected one of 2, such as ann, bob/,
  });
  assert.throws(() => personIn(["ann", "bob"], undefined), /found no --user/);
});

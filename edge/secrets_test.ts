import assert from "node:assert/strict";
import { toBase64, toBase64Url } from "../src/core/bytes.ts";
import { generateStoredIdentity } from "../src/core/identity.ts";
import { hex32 } from "../src/wire/_testing.ts";
import { readKeySecret, readParentsSecret } from "./secrets.ts";

Deno.test("secrets: a key is read in either alphabet, padded or not, and in lines", async () => {
  const { pkcs8 } = await generateStoredIdentity();
  const lines = toBase64(pkcs8).replaceAll(/.{20}/g, "$&\n");
  for (const text of [toBase64(pkcs8), toBase64Url(pkcs8), lines]) {
    assert.deepEqual(readKeySecret("IDENTITY", text), new Uint8Array(pkcs8));
  }
});

Deno.test("secrets: what is no key is refused by the name of the secret, and not told", () => {
  for (const text of ["", "  ", "hunter2!", "aGVsbG8*", "a"]) {
    assert.throws(() => readKeySecret("IDENTITY", text), {
      name: "TypeError",
      message: "Cannot read the secret IDENTITY: expected a PKCS #8 key as base64",
    });
  }
});

Deno.test("secrets: parents are addresses of tasks, with a token or without", () => {
  const [a, b] = [hex32(1), hex32(2)];
  assert.deepEqual(
    readParentsSecret(
      "PARENT",
      ` https://root.example/v1/tasks/${a}#tributary-9\nhttp://127.0.0.1:8080/fl/v1/tasks/${b}\n`,
    ),
    [
      { url: "https://root.example", task: a, token: "tributary-9" },
      { url: "http://127.0.0.1:8080/fl", task: b },
    ],
  );
});

Deno.test("secrets: other parents are refused, and their token is not told", () => {
  const task = hex32(1);
  const good = `https://root.example/v1/tasks/${task}#token`;
  for (
    const text of [
      "",
      "https://root.example",
      `ftp://root.example/v1/tasks/${task}#token`,
      `https://root.example/v1/tasks/${task.slice(1)}#token`,
      `https://root.example/v1/tasks/${task}?x=1#token`,
      `https:///v1/tasks/${task}#token`,
      `${good} ${good}`,
    ]
  ) {
    assert.throws(() => readParentsSecret("PARENT", text), (error) => {
      assert.ok(error instanceof TypeError, text);
      assert.match(error.message, /^Cannot read the secret PARENT: expected addresses of tasks/);
      assert.doesNotMatch(error.message, /#token$|root\.example\/v1\/tasks\/0/);
      return true;
    });
  }
});

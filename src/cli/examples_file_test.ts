import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { testFolder } from "./_testing.ts";
import { openExamples } from "./examples_file.ts";

Deno.test("examples file: values one by one or in lists, or items", async () => {
  await using folder = await testFolder();
  await folder.write("values.json", '{"values": {"age": 41, "hours": [3, 5.5], "none": []}}');
  assert.deepEqual(await openExamples(folder.path("values.json")), {
    kind: "values",
    values: { age: [41], hours: [3, 5.5], none: [] },
  });
  await folder.write("items.json", '{"items": ["sun", "żółw"]}');
  assert.deepEqual(await openExamples(folder.path("items.json")), {
    kind: "items",
    items: ["sun", "żółw"],
  });
});

Deno.test("examples file: another form is refused, without a word of what is in it", async () => {
  await using folder = await testFolder();
  const path = folder.path("secret.json");
  for (
    const text of [
      "4711",
      '{"values": {"age": "4711"}}',
      '{"values": {"age": [1, "4711"]}}',
      '{"values": {"age": 1}, "items": ["4711"]}',
      '{"items": [4711]}',
      '{"items": "4711"}',
      '{"values": 4711',
    ]
  ) {
    await folder.write("secret.json", text);
    await assert.rejects(openExamples(path), (error) => {
      assert.ok(isTributaryError(error, "bad-data"), String(error));
      assert.match(error.message, /^Cannot read /);
      assert.doesNotMatch(error.message.replace(path, ""), /4711/);
      return true;
    });
  }
  await assert.rejects(openExamples(folder.path("missing.json")), /Cannot open .*missing\.json/);
});

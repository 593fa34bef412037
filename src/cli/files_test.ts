import assert from "node:assert/strict";
import { testFolder } from "./_testing.ts";
import { openFolder, writeFilesWhole, writeFileWhole } from "./files.ts";

Deno.test("files: a file is written whole, into folders that are made", async () => {
  await using folder = await testFolder();
  await writeFileWhole(folder.path("a/b/c.txt"), "one");
  await writeFileWhole(folder.path("a/b/c.txt"), "two");
  assert.equal(await Deno.readTextFile(folder.path("a/b/c.txt")), "two");
  assert.deepEqual(await folder.list(), ["a", "a/b", "a/b/c.txt"]);
});

Deno.test("files: when one of several cannot be written, nothing of them is there", async () => {
  await using folder = await testFolder();
  await folder.write("wall", "a file where a folder should be");
  const files = [["model", "m"], ["wall/report", "r"], ["run", "{}"]] as const;
  await assert.rejects(
    writeFilesWhole(files.map(([name, text]) => [folder.path(name), text])),
    { code: "store-failed", message: /Cannot write .*wall\/report: .*expected a place/ },
  );
  assert.deepEqual(await folder.list(), ["wall"]);
});

Deno.test("files: when one of several cannot take its place, the last one is not there", async () => {
  await using folder = await testFolder();
  await folder.write("run", "of an earlier time");
  await writeFileWhole(folder.path("report/taken"), "a folder where a file should be");
  const files = [["model", "m"], ["report", "r"], ["run", "{}"]] as const;
  await assert.rejects(writeFilesWhole(files.map(([name, text]) => [folder.path(name), text])), {
    code: "store-failed",
  });
  assert.deepEqual(await folder.list(), ["model", "report", "report/taken"]);
});

Deno.test("files: a folder that cannot be written to is refused, and one that can is left empty", async () => {
  await using folder = await testFolder();
  await openFolder(folder.path("new/one"));
  assert.deepEqual(await folder.list(), ["new", "new/one"]);
  await folder.write("wall", "");
  await assert.rejects(openFolder(folder.path("wall/out")), {
    code: "store-failed",
    message: /^Cannot write .*wall\/out: Not a directory/,
  });
});

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDeviceStore } from "../../src/cli/device_store.ts";
import { sqliteHelperStore } from "./helper_store.ts";
import { makeOwnFile } from "./own_file.ts";
import { sqliteStore } from "./store.ts";

/** Who may do what with a file. */
const rightsOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

Deno.test("own file: what stores keep is their owner's alone, beside it too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "own-"));
  try {
    const paths = ["root.db", "helper.db", "device.db"].map((name) => join(folder, name));
    const [root = "", helper = "", device = ""] = paths;
    {
      await using _root = sqliteStore(root);
      await using _helper = sqliteHelperStore(helper);
      using _device = openDeviceStore(device);
      for (const path of paths) {
        assert.equal(rightsOf(path), "600");
        if (existsSync(`${path}-wal`)) assert.equal(rightsOf(`${path}-wal`), "600");
      }
    }
    // Whoever gave others rights to a file keeps them.
    chmodSync(root, 0o640);
    makeOwnFile(root);
    assert.equal(rightsOf(root), "640");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("own file: nothing is made for a database in memory", () => {
  makeOwnFile(":memory:");
  assert.ok(!existsSync(":memory:"));
});

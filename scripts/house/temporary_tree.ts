/**
 * A project of a few files, for the tests of the house checks.
 *
 * @module
 */
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Writes a small project in a fresh folder for the time of `use`. */
export async function withTree(
  texts: Readonly<Record<string, string>>,
  use: (root: string) => Promise<void>,
): Promise<void> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "house-")));
  try {
    for (const [path, text] of Object.entries(texts)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/**
 * Files that are either whole or not there.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { TributaryError } from "../core/errors.ts";

/**
 * Writes a file by way of a temporary one beside it, so that no reader ever meets half of it.
 *
 * @param path    Where; missing folders are made.
 * @param content Text, or bytes.
 * @throws {TributaryError} `store-failed` if the system refuses.
 */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFilesWhole([[path, content]]);
}

/**
 * Writes several files, of which the last one says that the others are there: all are written aside
 * first, an old last one is removed before anything takes its place, and it comes back last.
 *
 * @param files Paths and contents, in order.
 * @throws {TributaryError} `store-failed` if the system refuses.
 */
export async function writeFilesWhole(
  files: readonly (readonly [path: string, content: string | Uint8Array])[],
): Promise<void> {
  const staged: { readonly path: string; readonly temporary: string }[] = [];
  let current = "";
  try {
    for (const [path, content] of files) {
      current = path;
      await Deno.mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${crypto.randomUUID()}.part`;
      staged.push({ path, temporary });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(temporary, bytes, { mode: 0o600 });
    }
    const last = staged.at(-1);
    if (staged.length > 1 && last !== undefined) {
      current = last.path;
      await Deno.remove(last.path).catch(ignoreMissing);
    }
    for (const { path, temporary } of staged) {
      current = path;
      await Deno.rename(temporary, path);
    }
  } catch (error) {
    for (const { temporary } of staged) await Deno.remove(temporary).catch(() => {});
    throw cannotWrite(current, error);
  }
}

/**
 * Makes a folder, and makes sure that files can be written to it.
 *
 * @throws {TributaryError} `store-failed` if they cannot.
 */
export async function openFolder(folder: string): Promise<void> {
  const probe = join(folder, `${crypto.randomUUID()}.part`);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(probe, new Uint8Array(1));
    await Deno.remove(probe);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Passes over that a file is not there. */
export function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function cannotWrite(path: string, cause: unknown): TributaryError {
  // The system's own words end with the call that failed, which says nothing here.
  const words = cause instanceof Error ? cause.message.replace(/: \w+ '.*$/, "") : String(cause);
  return new TributaryError(
    "store-failed",
    `Cannot write ${path}: ${words}, expected a place with room that may be written to`,
    { cause },
  );
}

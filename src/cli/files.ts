/**
 * Files that are either whole or not there.
 *
 * @module
 */
import { dirname } from "node:path";

/**
 * Writes a file by way of a temporary one beside it, so that no reader ever meets half of it.
 *
 * @param path    Where; missing folders are made.
 * @param content Text, or bytes.
 */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.part`;
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(temporary, bytes, { mode: 0o600 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

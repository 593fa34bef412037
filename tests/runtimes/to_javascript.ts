/**
 * A program as plain JavaScript modules, for runtimes that read no TypeScript.
 *
 * @module
 */
import { dirname, relative, resolve } from "node:path";
import ts from "typescript";

/**
 * Writes a module and all that it imports to `folder`, each file where it was under `root`.
 *
 * @returns Path of the module written for `entry`.
 */
export async function writeJavaScript(
  entry: string,
  { root, folder }: { readonly root: string; readonly folder: string },
): Promise<string> {
  const placeOf = (path: string) => resolve(folder, relative(root, path)).replace(/\.ts$/, ".js");
  const written = new Set<string>();
  async function write(path: string): Promise<void> {
    if (written.has(path)) return;
    written.add(path);
    const text = await Deno.readTextFile(path);
    await Deno.mkdir(dirname(placeOf(path)), { recursive: true });
    await Deno.writeTextFile(placeOf(path), path.endsWith(".ts") ? translated(text) : text);
    const { importedFiles } = ts.preProcessFile(text);
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith(".") && !fileName.endsWith(".d.ts")) {
        await write(resolve(dirname(path), fileName));
      }
    }
  }
  await write(entry);
  await Deno.writeTextFile(resolve(folder, "package.json"), `{ "type": "module" }`);
  await Deno.symlink(resolve(root, "node_modules"), resolve(folder, "node_modules"));
  return placeOf(entry);
}

function translated(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      // Imports of types alone would otherwise stay, and name nothing.
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  }).outputText;
}

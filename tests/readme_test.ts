import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";

const root = new URL("..", import.meta.url);
const pages = ["README.md", "docs/ANALYTICS.md"];

/** The programs in a text of Markdown: blocks marked `ts` and nothing more. */
function programsIn(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^```ts\n(.*?)^```$/gms), ([, program = ""]) => program);
}

Deno.test("readme: programs are the blocks marked ts, and no others", () => {
  const text = "```ts\na();\n```\n\n```ts ignore\nb();\n```\n\n```sh\nc\n```\n\n```ts\nd();\n```\n";
  assert.deepEqual(programsIn(text), ["a();\n", "d();\n"]);
});

for (const page of pages) {
  const url = new URL(page, root);
  Deno.test({
    name: `readme: the programs of ${page} run as they stand, in a process of their own`,
    ignore: !existsSync(url) && process.env["CI"] !== "true",
    async fn() {
      const programs = programsIn(await Deno.readTextFile(url));
      assert.ok(programs.length > 0, `${page} shows no program`);
      for (const program of programs) {
        // Read from standard input, a program is taken for a file of the folder that it is run in.
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "--quiet", "--no-check", "--allow-all", "-"],
          ...{ cwd: root, stdin: "piped", stdout: "piped", stderr: "piped" },
        }).spawn();
        const input = child.stdin.getWriter();
        await input.write(new TextEncoder().encode(program));
        await input.close();
        const { code, stderr } = await child.output();
        assert.equal(code, 0, new TextDecoder().decode(stderr));
      }
    },
  });
}

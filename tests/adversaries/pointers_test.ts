import assert from "node:assert/strict";

const DOCS = new URL("../../docs/", import.meta.url);
const text = await Deno.readTextFile(new URL("SECURITY.md", DOCS));

/** Names of tests by file, as `Deno.test` gets them. */
async function testNames(file: string): Promise<string[]> {
  const source = await Deno.readTextFile(new URL(file, DOCS));
  return [...source.matchAll(/Deno\.test\((?:\{\s*name:)?\s*"((?:[^"\\]|\\.)*)"/g)]
    .map(([, name = ""]) => name);
}

/** Rows of the list of tests: a key, a file and a name. */
function pointers(): { key: string; file: string; name: string }[] {
  return [...text.matchAll(/^\| ([A-Z]\d+) +\| \[[\w./]+\]\((\S+)\) +\| (.*?) +\|$/gm)]
    .map(([, key = "", file = "", name = ""]) => ({ key, file, name }));
}

/** Every key that the page refers to in brackets. */
function references(body: string): string[] {
  return [...body.matchAll(/\[([A-Z]\d+(?:(?:, | to )[A-Z]\d+)*)\](?!\()/g)].flatMap((
    [, list = ""],
  ) =>
    list.split(", ").flatMap((part) => {
      const [from = "", to = from] = part.split(" to ");
      const [first, last] = [Number(from.slice(1)), Number(to.slice(1))];
      return Array.from({ length: last - first + 1 }, (_, i) => `${from[0]}${first + i}`);
    })
  );
}

Deno.test("docs: every test that SECURITY.md points to is there under that name", async () => {
  const all = pointers();
  assert.ok(all.length >= 30, `${all.length} pointers`);
  assert.equal(new Set(all.map(({ key }) => key)).size, all.length, "a key twice");
  for (const { key, file, name } of all) {
    const names = await testNames(file);
    assert.ok(names.includes(name), `${key}: no test "${name}" in ${file}`);
  }
});

Deno.test("docs: every reference of SECURITY.md is in its list, and every test of the list is referred to", () => {
  const keys = pointers().map(({ key }) => key);
  const used = new Set(references(text));
  assert.deepEqual([...used].filter((key) => !keys.includes(key)), []);
  assert.deepEqual(keys.filter((key) => !used.has(key)), []);
});

Deno.test("docs: every cell of SECURITY.md's tables of parties is backed by a test", () => {
  const tables = [
    ...text.matchAll(/^\| party +\| honest but curious[^\n]*\n\|[-| ]+\|\n((?:\|.*\n)+)/gm),
  ];
  assert.ok(tables.length >= 1);
  for (const [, rows = ""] of tables) {
    for (const row of rows.trim().split("\n")) {
      const [party = "", ...cells] = row.split(" | ").map((cell) =>
        cell.replaceAll("|", "").trim()
      );
      assert.equal(cells.length, 3, party);
      for (const cell of cells) {
        assert.ok(cell === "–" || references(cell).length > 0, `${party}: "${cell}"`);
      }
    }
  }
});

Deno.test("docs: every test of an adversary is one that SECURITY.md points to", async () => {
  const pointed = new Set(pointers().map(({ name }) => name));
  for await (const { name: file } of Deno.readDir(new URL(".", import.meta.url))) {
    if (!file.endsWith("_test.ts") || ["pointers_test.ts", "uniformity_test.ts"].includes(file)) {
      continue;
    }
    const names = await testNames(`../tests/adversaries/${file}`);
    assert.deepEqual(names.filter((name) => !pointed.has(name)), [], file);
  }
});

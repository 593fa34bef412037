import assert from "node:assert/strict";
import { checkFileSizes, countLines, type FileSize } from "./file_sizes.ts";

function file(path: string, lines: number, shipped = true): FileSize {
  return { path, lines, shipped };
}

Deno.test("file sizes: short files pass, and the figures are of shipped files", () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 400].map((lines) => file("a.ts", lines));
  assert.deepEqual(checkFileSizes([...sizes, file("a_test.ts", 799, false)]), {
    findings: [],
    summary: "10 files, median 5, p90 9, longest 400 lines",
  });
});

Deno.test("file sizes: a file over 800 lines is found, tests too", () => {
  const { findings } = checkFileSizes([
    ...Array.from({ length: 20 }, () => file("a.ts", 800)).map((f) => ({ ...f, shipped: false })),
    file("src/core/b.ts", 1),
    file("src/core/b_test.ts", 801, false),
  ]);
  assert.deepEqual(findings, [
    { file: "src/core/b_test.ts", message: "has 801 lines, and 800 are the most" },
  ]);
});

Deno.test("file sizes: too many long files are found", () => {
  const sizes = [...Array.from({ length: 8 }, () => 349), 350, 351];
  assert.deepEqual(checkFileSizes(sizes.map((lines) => file("a.ts", lines))).findings, [
    { file: ".", message: "8 of 10 files have fewer than 350 lines, and 90 % should" },
  ]);
});

Deno.test("file sizes: lines are counted with and without a last line end", () => {
  assert.deepEqual(["", "a", "a\n", "a\nb", "a\nb\n"].map(countLines), [0, 1, 1, 2, 2]);
});

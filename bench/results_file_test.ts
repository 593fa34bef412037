import assert from "node:assert/strict";
import { replaceSection } from "./results_file.ts";

const before = `# Results

Remarks that stay.

<!-- begin kernels -->

old

<!-- end kernels -->

More remarks.
`;

Deno.test("results file: a section is replaced, and what people wrote around it stays", () => {
  const after = replaceSection(before, { name: "kernels", text: "new\n" });
  assert.equal(after, before.replace("old", "new"));
});

Deno.test("results file: a section that is not there yet comes to the end", () => {
  const after = replaceSection(before, { name: "round", text: "1 s" });
  assert.equal(after, `${before}\n<!-- begin round -->\n\n1 s\n\n<!-- end round -->\n`);
  assert.equal(
    replaceSection("", { name: "round", text: "1 s" }),
    "<!-- begin round -->\n\n1 s\n\n<!-- end round -->\n",
  );
});

Deno.test("results file: signs that a replacement pattern would take for its own stay as they are", () => {
  const text = "costs $& and $1";
  assert.match(replaceSection(before, { name: "kernels", text }), /costs \$& and \$1/);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../core/bytes.ts";
import { CSV, eachRecord } from "./delimited.ts";
import type { Layout } from "./delimited.ts";

function records(text: string, layout: Layout): [number, ...string[]][] {
  const found: [number, ...string[]][] = [];
  eachRecord({ name: "a.csv", bytes: utf8(text) }, {
    layout,
    take: (fields, line) => found.push([line, ...fields]),
  });
  return found;
}

Deno.test("delimited: each record comes with its line, blank lines counted", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = ["a,b", "", "", "c", '"d",e,f'].join(end);
    assert.deepEqual(records(text, CSV), [[1, "a", "b"], [4, "c"], [5, "d", "e", "f"]]);
  }
});

Deno.test("delimited: a delimiter of two characters, and single ones of it inside fields", () => {
  assert.deepEqual(records("1::a:b::c\n2::d::\n", { delimiter: "::", quotes: false }), [
    [1, "1", "a:b", "c"],
    [2, "2", "d", ""],
  ]);
});

Deno.test("delimited: without quotes, quotes and blanks belong to the field", () => {
  assert.deepEqual(records('"a\tb" \t c"\n', { delimiter: "\t", quotes: false }), [
    [1, '"a', 'b" ', ' c"'],
  ]);
});

Deno.test("delimited: what take throws ends the reading and arrives unchanged", () => {
  const error = new Error("enough");
  let taken = 0;
  assert.throws(() =>
    eachRecord({ name: "a.csv", bytes: utf8("1\n2\n3\n") }, {
      layout: CSV,
      take(_, line) {
        taken++;
        if (line === 2) throw error;
      },
    }), (thrown) => thrown === error);
  assert.equal(taken, 2);
});

Deno.test("delimited: the line of an open quote is right behind blank lines", () => {
  assert.throws(() => records('a\r\n\r\n\r\nb,"c\r\nd\r\n', CSV), {
    code: "bad-data",
    message: "Cannot read a.csv: line 4 opens a quote that it does not close, " +
      "expected a closing quote on the same line",
  });
});

Deno.test("delimited: a quote that swallows the end of a line is refused, also behind a mark that blanks are dropped with", () => {
  assert.throws(
    () => [...records('""\ufeff"\r\n"', { delimiter: ",", quotes: true })],
    { code: "bad-data", message: /opens a quote that it does not close/ },
  );
});

Deno.test("delimited: any text is read, or refused as bad data", () => {
  const piece = fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", " ", "a", "é", "\0", "\ufeff");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, quotes) => {
      const text = pieces.join("");
      const lines = text.split(/\r\n|\r|\n/).length;
      try {
        for (const [line, ...fields] of records(text, { delimiter: ",", quotes })) {
          assert.ok(line >= 1 && line <= lines);
          assert.ok(fields.every((field) => !/[\r\n]/.test(field)));
        }
      } catch (error) {
        assert.equal((error as { code?: string }).code, "bad-data", `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});

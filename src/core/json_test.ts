import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "./bytes.ts";
import { canonicalBytes, canonicalJson, parseJson } from "./json.ts";

Deno.test("json: the example of RFC 8785, section 3.2.2, becomes the text of section 3.2.3", () => {
  const value: unknown = JSON.parse(`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
    "literals": [null, true, false]
  }`);
  const want = `{"literals":[null,true,false],` +
    `"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
    `"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`;
  assert.equal(canonicalJson(value), want);
  assert.equal(toHex(canonicalBytes(value)).slice(0, 24), "7b226c69746572616c73223a");
});

Deno.test("json: names sort by UTF-16 code units, as in RFC 8785, section 3.2.3", () => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  const names = [...canonicalJson(value).matchAll(/:"(.+?)"[,}]/g)].map(([, text]) => text);
  assert.deepEqual(names, [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

Deno.test("json: numbers have the forms of RFC 8785, appendix B", () => {
  const forms: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [5e-324, "5e-324"],
    [-1.7976931348623157e308, "-1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [9.999999999999997e22, "9.999999999999997e+22"],
    [1e23, "1e+23"],
    [999999999999999900000, "999999999999999900000"],
    [1e21, "1e+21"],
    [9.999999999999997e-7, "9.999999999999997e-7"],
    [0.000001, "0.000001"],
    [333333333.33333325, "333333333.33333325"],
    [1424953923781206.2, "1424953923781206.2"],
  ];
  for (const [value, text] of forms) assert.equal(canonicalJson(value), text);
});

Deno.test("json: the canonical text is the same for the same value, and reads back as it", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    assert.equal(canonicalJson(JSON.parse(text)), text);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("json: members that are undefined are left out", () => {
  assert.equal(canonicalJson({ b: 1, a: undefined }), `{"b":1}`);
});

Deno.test("json: what has no JSON form is refused", () => {
  const loop: unknown[] = [];
  loop.push(loop);
  for (const value of [undefined, () => 1, NaN, Infinity, ["\ud800"], { "\udc00": 1 }, loop]) {
    assert.throws(() => canonicalJson(value), /^TypeError: Cannot write /);
  }
});

Deno.test("json: strict reading gives what plain reading does", () => {
  const text = fc.tuple(fc.jsonValue(), fc.constantFrom(0, 1, "\t", " \n"))
    .map(([value, space]) => JSON.stringify(value, null, space as string));
  fc.assert(fc.property(text, (text) => {
    fc.pre(!text.includes("__proto__"));
    assert.deepEqual(parseJson(text), JSON.parse(text));
  }));
  assert.deepEqual(parseJson(` {"a" : ":{\\"}", "b":{"a":["a","a"]}, "\\\\":1, "\\"":2 } `), {
    a: `:{"}`,
    b: { a: ["a", "a"] },
    "\\": 1,
    '"': 2,
  });
});

Deno.test("json: a key that one object has twice is refused, however it is written", () => {
  const cases = [
    `{"a":1,"a":1}`,
    `{"a":1, "\\u0061" :2}`,
    `[{"x":{"a":[{}],"b":2,"a":3}}]`,
    `{"a":{"a":1},"a":2}`,
    `{"\\"":1,"\\u0022"\n\t\r :1}`,
    `{"":1,"":2}`,
  ];
  for (const text of cases) assert.throws(() => parseJson(text), /^SyntaxError: .* appears twice$/);
  assert.deepEqual(parseJson(`[{"a":1},{"a":2}]`), [{ a: 1 }, { a: 2 }]);
});

Deno.test("json: the key __proto__ is refused at any depth, as a text it is fine", () => {
  for (const text of [`{"__proto__":1}`, `{"a":[{"__pr\\u006fto__":{}}]}`]) {
    assert.throws(() => parseJson(text), /the key "__proto__" is not allowed/);
  }
  assert.deepEqual(parseJson(`{"a":"__proto__"}`), { a: "__proto__" });
});

Deno.test("json: what is not JSON is refused", () => {
  for (const text of ["", "{", `{"a"}`, `"a`, "01", "[1,]", "{} {}"]) {
    assert.throws(() => parseJson(text), SyntaxError);
  }
});

Deno.test("json: half a surrogate pair is refused in keys and texts, a whole one is fine", () => {
  for (const text of [`"\\ud800"`, `{"a":["\\udc00\\ud800"]}`, `{"\\ud83d":1}`]) {
    assert.throws(() => parseJson(text), /^SyntaxError: .* half a surrogate pair$/);
  }
  assert.equal(parseJson(`"\\ud83d\\ude00\\\\ud800"`), "😀\\ud800");
});

Deno.test("json: what is more than a hundred levels deep is refused, side by side is not deep", () => {
  const deep = (levels: number) => `${'[{"a":'.repeat(levels / 2)}0${"}]".repeat(levels / 2)}`;
  assert.doesNotThrow(() => parseJson(deep(100)));
  assert.throws(() => parseJson(deep(102)), /^SyntaxError: .* more than 100 levels deep$/);
  assert.throws(() => parseJson(`${"[".repeat(50_000)}${"]".repeat(50_000)}`), SyntaxError);
  assert.equal((parseJson(`[${"[[]],".repeat(500)}"[[["]`) as unknown[]).length, 501);
});

Deno.test("json: a number beyond float64 is refused, the largest and the least are not", () => {
  for (const text of ["1e309", `[0,-1e999]`, `{"a":${"9".repeat(400)}}`, `{"1e999":1E400}`]) {
    assert.throws(() => parseJson(text), /^SyntaxError: .* beyond what float64 holds$/);
  }
  assert.deepEqual(parseJson(`[1.7976931348623157e308,-5e-324,1e-999,-0,12,"1e999",true,false]`), [
    ...[1.7976931348623157e308, -5e-324, 0, -0, 12, "1e999", true, false],
  ]);
});

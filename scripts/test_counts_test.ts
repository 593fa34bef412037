import assert from "node:assert/strict";
import { addCounts, closingLine, parseCargoTest, parseJunit } from "./test_counts.ts";

Deno.test("test counts: a JUnit report is counted by its test cases", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="2" errors="0" time="0.2">
  <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
    <testcase name="a: holds" classname="./a_test.ts" time="0.001" line="2" col="6">
    </testcase>
    <testcase name="b: fails with &lt;failure/&gt; in its name" classname="./a_test.ts">
      <failure message="Uncaught AssertionError: 1 !== 2">1 !== 2 &lt;skipped/&gt;</failure>
    </testcase>
    <testcase name="c: left out" classname="./a_test.ts"><skipped/></testcase>
    <testcase name="a: holds &gt; a step" classname="./a_test.ts"></testcase>
  </testsuite>
  <testsuite name="./README.md#2-7.ts" tests="1" disabled="0" errors="1" failures="0">
    <testcase name="file:///README.md#2-7.ts"><error message="thrown"/></testcase>
  </testsuite>
</testsuites>`;
  assert.deepEqual(parseJunit(xml), { passed: 2, failed: 2, skipped: 1 });
});

Deno.test("test counts: a report that was never written counts nothing", () => {
  assert.deepEqual(parseJunit(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("test counts: cargo's results are added over crates", () => {
  const text = `
running 3 tests
...
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s

running 4 tests
test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s
`;
  assert.deepEqual(parseCargoTest(text), { passed: 5, failed: 1, skipped: 1 });
  assert.deepEqual(parseCargoTest("error: could not compile"), {
    passed: 0,
    failed: 0,
    skipped: 0,
  });
});

Deno.test("test counts: the closing line names skipped tests only if there are some", () => {
  const counts = { passed: 12, failed: 0, skipped: 0 };
  assert.equal(closingLine(counts), "12 passed, 0 failed");
  assert.equal(
    closingLine(addCounts(counts, { passed: 1, failed: 2, skipped: 3 })),
    "13 passed, 2 failed, 3 skipped",
  );
});

/**
 * How many tests ended how, read from what test runners write.
 *
 * @module
 */
import { DOMParser } from "linkedom";

/** Sums over any number of runs. */
export interface TestCounts {
  /** Ran and held. */
  readonly passed: number;
  /** Ran and did not hold. */
  readonly failed: number;
  /** Were left out. */
  readonly skipped: number;
}

const NONE: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/** Both together. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/**
 * Counts the test cases of a JUnit report; a run that wrote none counts nothing.
 *
 * A test with steps counts once for itself and once for each step.
 */
export function parseJunit(xml: string): TestCounts {
  if (xml.trim() === "") return NONE;
  const cases = new DOMParser().parseFromString(xml, "text/xml").querySelectorAll("testcase");
  return [...cases].map((test) => {
    if (test.querySelector("failure, error") !== null) return { ...NONE, failed: 1 };
    if (test.querySelector("skipped") !== null) return { ...NONE, skipped: 1 };
    return { ...NONE, passed: 1 };
  }).reduce(addCounts, NONE);
}

/** Adds up the `test result:` lines of `cargo test`, one for each crate and for its examples. */
export function parseCargoTest(text: string): TestCounts {
  const results = text.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm,
  );
  return [...results].map(([, passed, failed, skipped]) => ({
    passed: Number(passed),
    failed: Number(failed),
    skipped: Number(skipped),
  })).reduce(addCounts, NONE);
}

/** `3 passed, 0 failed`, and how many were skipped if any were. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

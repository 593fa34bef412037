/**
 * `./run test [PATHS]`: runs the tests and closes with one line, `N passed, N failed`.
 *
 * @module
 */
import { inContinuousIntegration, runAloud, runQuietly } from "./command.ts";
import {
  addCounts,
  closingLine,
  parseCargoTest,
  parseJunit,
  type TestCounts,
} from "./test_counts.ts";

/** What tests may touch: any file, this machine's own network, other programs. */
const PERMISSIONS = [
  ...["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run"],
  "--allow-net=127.0.0.1,localhost",
];

const root = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");

/** Tests and examples of TypeScript, those in doc comments and Markdown too. */
async function testTypeScript(args: readonly string[]): Promise<TestCounts> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const code = await runAloud([
      ...[Deno.execPath(), "test", "--quiet", "--doc", "--parallel", ...PERMISSIONS],
      ...[`--junit-path=${report}`, ...args],
    ], { cwd: root });
    const counts = parseJunit(await Deno.readTextFile(report));
    // Types that do not check, or a module that throws, fail without a failing test.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    await Deno.remove(report);
  }
}

/** Tests of the Rust crates; passed over where there is no Rust, but for continuous integration. */
async function testRust(): Promise<TestCounts> {
  const cargo = ["cargo", "test", "--manifest-path", "wasm/Cargo.toml", "--workspace", "--quiet"];
  if ((await runQuietly(["cargo", "--version"], { cwd: root })).code !== 0) {
    const failed = inContinuousIntegration() ? 1 : 0;
    const what = failed === 1 ? "CI must run them" : "their results are in the committed wasm";
    console.log(`\nThe Rust tests were not run: there is no working "cargo"; ${what}`);
    return { passed: 0, failed, skipped: 1 - failed };
  }
  const { code, text } = await runQuietly(cargo, { cwd: root });
  const counts = parseCargoTest(text);
  if (code !== 0) console.log(`\n${text.trimEnd()}`);
  console.log(`\nThe Rust tests: ${counts.passed} ok, ${counts.failed} not`);
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function main(args: readonly string[]): Promise<number> {
  const parts = [await testTypeScript(args)];
  // Arguments choose among the TypeScript tests.
  if (args.length === 0) parts.push(await testRust());
  const counts = parts.reduce(addCounts);
  console.log(`\n${closingLine(counts)}`);
  if (counts.passed + counts.failed === 0) console.error("Cannot call that a pass: no test ran");
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * `./run contract`: has schemathesis read the OpenAPI documents of a root, a root with phases, a region
 * and a helper, and try to find a request that they answer with a 500, or otherwise than they say.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { preparePython, SkippedError } from "../../bench/venv.ts";
import { phasedTask } from "../../edge/_phased_testing.ts";
import { testTask } from "../../edge/_testing.ts";
import { inContinuousIntegration } from "../../scripts/command.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { aggregatorTarget } from "./aggregator_target.ts";
import { helperTarget } from "./helper_target.ts";
import { type Front, routeOf, serveFront, type Target } from "./signing_front.ts";

const PACKAGES = ["schemathesis==4.32.5"];

/** What is looked at in an answer. That generated data be refused is not: the front mends it. */
const CHECKS = [
  ...["not_a_server_error", "status_code_conformance", "content_type_conformance"],
  ...["response_headers_conformance", "response_schema_conformance"],
  ...["unsupported_method", "allow_header_conformance"],
];

const USAGE = `Usage: ./run contract [OPTIONS]

Has schemathesis send generated requests to a root, a root with phases, a region and a helper, and
fails where one is answered with a 500 or with what its OpenAPI document does not say.

  --examples N   Generated requests for each operation and phase, at most (10)
  --seed N       Seed of what is generated (1)
  --only NAME    root, phases, region or helper alone
  --help         Show this`;

interface Options {
  readonly examples: string;
  readonly seed: string;
}

/** Runs the tester against one target; whether it found nothing. */
async function test(
  python: string,
  name: string,
  { url, examples, seed }: Options & { readonly url: string },
): Promise<boolean> {
  const here = decodeURIComponent(new URL(".", import.meta.url).pathname);
  const folder = await Deno.makeTempDir({ prefix: "contract-" });
  try {
    const { success, stdout, stderr } = await new Deno.Command(python, {
      args: [
        ...[
          "-m",
          "schemathesis.cli",
          "--config-file",
          `${here}schemathesis.toml`,
          "run",
          `${url}/openapi.json`,
        ],
        ...["--url", url, "--checks", CHECKS.join(","), "--phases", "examples,coverage,fuzzing"],
        ...["--max-examples", examples, "--seed", seed, "--workers", "2", "--no-shrink"],
        ...["--suppress-health-check", "all", "--warnings", "off", "--no-color"],
        ...["--continue-on-failure", "--generation-database", "none"],
      ],
      cwd: folder,
      env: { PYTHONDONTWRITEBYTECODE: "1", SCHEMATHESIS_HOOKS: "hooks", PYTHONPATH: here },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const said = decoder.decode(stdout);
    const cases = /(\d+) generated/.exec(said)?.[1] ?? "?";
    console.log(`${success ? "ok    " : "FAILED"} ${name}: ${cases} requests`);
    if (!success) console.log(said + decoder.decode(stderr));
    return success;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Routes of which no request is taken: messages of phases, which belong to one round among many, and
 * with them masked updates; proofs about a log of one entry; the end of a root.
 */
const UNREACHED: Readonly<Record<string, RegExp>> = {
  root: /\/(phases|log)\/|\/work/,
  phases: /\/(phases|log|updates|abstentions)\/|\/work/,
  region: /\/(phases|log)\//,
};

/** Whether some request to each route was taken: else the test would be one of refusals. */
async function reachedAll(name: string, { url, statuses, taken }: Front): Promise<boolean> {
  const counts = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status} ×${n}`);
  console.log(`       ${name} answered ${counts.join(", ")}`);
  const { paths } = await (await fetch(`${url}/openapi.json`)).json();
  const missed = Object.entries(paths as Record<string, object>).flatMap(([path, operations]) =>
    Object.keys(operations)
      .map((method) => `${method.toUpperCase()} ${routeOf(path)}`)
      .filter((place) => !taken.has(place) && UNREACHED[name]?.test(path) !== true)
  );
  if (missed.length > 0) console.log(`FAILED ${name}: took no request of ${missed.join(", ")}`);
  return missed.length === 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      examples: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  let python: string;
  try {
    python = await preparePython("contract", PACKAGES);
  } catch (error) {
    if (!(error instanceof SkippedError)) throw error;
    console.error(error.message);
    const failed = inContinuousIntegration() ? 1 : 0;
    console.log(`\n0 passed, ${failed} failed, ${1 - failed} skipped`);
    return failed;
  }
  await using stack = new AsyncDisposableStack();
  const clock = aheadClock();
  const long = { clients: { min: 3, max: 1000 }, roundMs: 3_600_000 };
  const root = stack.use(await aggregatorTarget(testTask(64, long), { clock, role: "root" }));
  const phases = stack.use(await aggregatorTarget(phasedTask(8), { clock, role: "root" }));
  // Its members may all abstain: the next round is soon.
  const short = testTask(64, { ...long, roundMs: 3000, stop: { rounds: 1000 } });
  const region = stack.use(await aggregatorTarget(short, { clock, role: "region" }));
  const helper = stack.use(await helperTarget());
  const targets: readonly (readonly [string, Target, Clock])[] = [
    ["root", root, clock],
    ["phases", phases, clock],
    ["region", region, clock],
    ["helper", helper, helper.clock],
  ];
  const tested = targets.filter(([name]) => values.only === undefined || name === values.only);
  const found = await Promise.all(tested.map(async ([name, target, clock]) => {
    await using front = serveFront(target, { clock });
    const isFine = await test(python, name, { ...values, url: front.url });
    return await reachedAll(name, front) && isFine;
  }));
  const failed = found.filter((isFine) => !isFine).length;
  console.log(`\n${tested.length - failed} passed, ${failed} failed`);
  return failed === 0 && tested.length > 0 ? 0 : 1;
}

/** A second ahead: what is signed in the second in which a server starts has to be signed again. */
function aheadClock(): Clock {
  const clock = systemClock();
  return { now: () => clock.now() + 1000, sleep: clock.sleep };
}

if (import.meta.main) Deno.exit(await main());

/**
 * How well the models recommend on MovieLens latest-small: one item of each person held out and
 * ranked against 99 others, means of three seeds. What is federated is quantised as 610 clients ask
 * for in 19-bit slots.
 *
 * @module
 */
import { type Figure, type Goal, meanAndSpread, type Reference } from "./figure.ts";
import type { QualityCommand, QualityEvent, QualityMethodName } from "./quality_worker.ts";
import type { QualityRow } from "./quality_world.ts";

const SEEDS = 3;

/** What the demo shows, and matrix factorisation. */
export async function measureQuality(): Promise<Figure[]> {
  const rows = await rowsOf(
    ["popularity", "local-only", "central", "newton", "central-logistic", "logistic"],
  );
  const constant = (name: string, value: number) => () => ({ name, value });
  return figuresOf(rows, [
    {
      row: /^popularity/,
      reference: constant("measured with NumPy", .595),
      goals: { hr: { kind: "within", bound: .02 } },
    },
    {
      row: /^local only/,
      reference: constant("chance", .1),
      goals: { hr: { kind: "within", bound: .03 } },
    },
    {
      row: /^quasi-Newton .* round 5$/,
      reference: meanOf(rows, "central iALS d 32, sweep 10"),
      goals: { hr: { kind: "at least", bound: .725 }, ndcg: { kind: "at least", bound: .49 } },
    },
    {
      row: /^quasi-Newton .* round 10$/,
      reference: meanOf(rows, "central iALS d 32, sweep 10"),
      goals: { hr: { kind: "at least", bound: .73 }, ndcg: { kind: "at least", bound: .5 } },
    },
    {
      row: /^logistic .* round 30$/,
      reference: meanOf(rows, "central logistic MF"),
      goals: { hr: { kind: "at least", bound: .71 }, ndcg: { kind: "at least", bound: .47 } },
    },
  ]);
}

/** What takes long: the exact form beside the central solver, fewer dimensions, another loss, networks. */
export async function measureQualityLong(): Promise<Figure[]> {
  const rows = await rowsOf(["central", "exact", "newton-d16", "bpr", "central-ncf", "ncf"]);
  const within: Goal = { kind: "within", bound: .005 };
  return figuresOf(rows, [{
    row: /^exact .* round 5$/,
    reference: meanOf(rows, "central iALS d 32, sweep 5"),
    goals: { hr: within, ndcg: within },
  }, {
    row: /^NCF.* round 30$/,
    reference: meanOf(rows, "central NCF"),
    goals: { hr: { kind: "at least", bound: .6 }, ndcg: { kind: "at least", bound: .36 } },
  }]);
}

type Measure = "hr" | "ndcg";

/** What the rows whose names fit are compared to, and have to reach. */
interface Expectation {
  readonly row: RegExp;
  readonly reference: (measure: Measure) => Reference;
  readonly goals: { readonly [M in Measure]?: Goal };
}

/** For each seed what was found, in the order of the methods. */
type Rows = readonly (readonly QualityRow[])[];

/** Measures in one thread a seed. */
async function rowsOf(methods: readonly QualityMethodName[]): Promise<Rows> {
  const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1);
  return await Promise.all(seeds.map((seed) => rowsOfSeed({ seed, methods })));
}

async function rowsOfSeed(command: QualityCommand): Promise<QualityRow[]> {
  const worker = new Worker(new URL("quality_worker.ts", import.meta.url), { type: "module" });
  const rows: QualityRow[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<QualityEvent>) => {
    if (data.kind === "ended") return resolve();
    const { name, hr, ndcg } = data;
    rows.push({ name, hr, ndcg });
    console.log(
      `seed ${command.seed}: ${name}: HR@10 ${hr.toFixed(4)}, NDCG@10 ${ndcg.toFixed(4)}`,
    );
  };
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(command);
  try {
    await promise;
    return rows;
  } finally {
    worker.terminate();
  }
}

function valuesOf(rows: Rows, name: string, measure: Measure): number[] {
  return rows.flatMap((seed) => seed.filter((row) => row.name === name)).map((row) => row[measure]);
}

function meanOf(rows: Rows, name: string): (measure: Measure) => Reference {
  return (measure) => ({ name, value: meanAndSpread(valuesOf(rows, name, measure)).value });
}

function figuresOf(rows: Rows, expectations: readonly Expectation[]): Figure[] {
  const names = (rows[0] ?? []).map(({ name }) => name);
  return names.flatMap((name) => {
    const expected = expectations.find(({ row }) => row.test(name));
    return (["hr", "ndcg"] as const).map((measure) => {
      const goal = expected?.goals[measure];
      return {
        name: `${name}: ${measure === "hr" ? "HR@10" : "NDCG@10"}`,
        ...meanAndSpread(valuesOf(rows, name, measure)),
        unit: "",
        ...(expected && goal && { reference: expected.reference(measure), goal }),
      };
    });
  });
}

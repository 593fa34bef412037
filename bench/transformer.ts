/**
 * An Adam step of a Transformer block beside PyTorch's, each at one thread, from the same weights and
 * on the same data: that both do the same is told by their losses.
 *
 * @module
 */
import { seededRng } from "../src/core/random.ts";
import {
  adam,
  createOptimizer,
  initialParameters,
  placeParameters,
  transformerBlock,
} from "../src/nn/mod.ts";
import { createWasmBackend, mse, Tape } from "../src/tensor/mod.ts";
import { createTrainCore, inlineModule } from "../src/wasm/mod.ts";
import { type Figure, median } from "./figure.ts";
import { runPython } from "./venv.ts";

const PACKAGES = ["torch==2.15.0", "numpy==2.4.6"];
const [BATCH, LENGTH, WIDTH, HEADS] = [32, 50, 64, 2];
const SHAPE = [BATCH, LENGTH, WIDTH];
const LR = 1e-3;
const LOSSES = 20;
const WARM_UP = 50;
const STEPS = 300;
const REACH = 2;

/** What one of the two came to. */
interface Stepped {
  /** Of each step. */
  readonly seconds: readonly number[];
  /** Before each of the first steps. */
  readonly losses: readonly number[];
}

/** Measures the median step, and how far the losses are apart. */
export async function measureTransformer(): Promise<Figure[]> {
  const world = inventWorld();
  const torch = await stepTorch(world);
  const own = await stepOwn(world);
  const apart = own.losses.map((loss, at) => Math.abs(loss / (torch.losses[at] ?? NaN) - 1));
  const ms = (step: number): number => 1000 * step;
  const sorted = own.seconds.toSorted((a, b) => a - b).map(ms);
  return [
    {
      name:
        `an Adam step of a block, width ${WIDTH}, ${HEADS} heads, ${BATCH} × ${LENGTH} positions`,
      value: ms(median(own.seconds)),
      spread: [sorted[Math.floor(STEPS * 0.1)] ?? NaN, sorted[Math.floor(STEPS * 0.9)] ?? NaN],
      unit: "ms",
      reference: { name: "PyTorch 2.15, one thread", value: ms(median(torch.seconds)) },
      goal: { kind: "ratio at most", bound: REACH },
    },
    {
      name: `– largest relative difference of the losses of the first ${LOSSES} steps`,
      value: Math.max(...apart),
      unit: "",
      goal: { kind: "at most", bound: 1e-3 },
    },
  ];
}

interface BlockWorld {
  readonly block: ReturnType<typeof transformerBlock>;
  readonly values: ReturnType<typeof initialParameters>;
  readonly x: Float32Array<ArrayBuffer>;
  readonly target: Float32Array<ArrayBuffer>;
}

function inventWorld(): BlockWorld {
  const seed = new Uint8Array(32).fill(4);
  const rng = seededRng(seed);
  const block = transformerBlock({ width: WIDTH, heads: HEADS });
  const draw = () => Float32Array.from({ length: BATCH * LENGTH * WIDTH }, () => rng.normal());
  return { block, values: initialParameters(block.parameters, seed), x: draw(), target: draw() };
}

async function stepTorch({ block, values, x, target }: BlockWorld): Promise<Stepped> {
  const folder = await Deno.makeTempDir();
  try {
    const flat = block.parameters.flatMap(({ name }) => [...values[name]?.data ?? []]);
    const files = { parameters: Float32Array.from(flat), x, target };
    for (const [name, { buffer }] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${name}.f32`, new Uint8Array(buffer));
    }
    const settings = {
      ...{ shape: SHAPE, heads: HEADS, lr: LR, losses: LOSSES, warmUp: WARM_UP, steps: STEPS },
      parameters: block.parameters.map(({ name, shape }) => [name, shape]),
    };
    await Deno.writeTextFile(`${folder}/settings.json`, JSON.stringify(settings));
    const program = decodeURIComponent(new URL("pytorch/transformer.py", import.meta.url).pathname);
    return await runPython({ venv: "pytorch", packages: PACKAGES, args: [program, folder] });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function stepOwn({ block, values, x, target }: BlockWorld): Promise<Stepped> {
  using core = createTrainCore(await inlineModule("train"));
  const tape = new Tape(createWasmBackend(core));
  const placed = placeParameters(tape, { parameters: block.parameters, values });
  const forward = block.bind(placed.variable);
  const optimizer = createOptimizer(placed, adam({ lr: LR }));
  const [input, wanted] = [tape.constant(x, SHAPE), tape.constant(target, SHAPE)];

  async function lossNow(): Promise<number> {
    const [loss] = await tape.evaluate(() =>
      tape.read(mse(tape, forward({ tape }, input), wanted))
    );
    return loss ?? NaN;
  }

  function step(): void {
    tape.step(() => tape.backward(mse(tape, forward({ tape }, input), wanted)));
    optimizer.step();
  }

  const losses: number[] = [];
  for (let i = 0; i < LOSSES; i++) {
    losses.push(await lossNow());
    step();
  }
  for (let i = 0; i < WARM_UP; i++) step();
  const seconds = Array.from({ length: STEPS }, () => {
    const began = performance.now();
    step();
    return (performance.now() - began) / 1000;
  });
  return { seconds, losses };
}

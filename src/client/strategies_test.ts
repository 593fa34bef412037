import assert from "node:assert/strict";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { startTree, type Tree } from "../../tests/tree.ts";
import type { Trainer } from "../core/trainer.ts";
import { tensors } from "../models/tensors.ts";
import { quadraticTrainer } from "../strategy/_rounds_testing.ts";
import { fedNova, fedProx, qFedAvg, scaffold } from "../strategy/mod.ts";
import type { StrategyOptions } from "../strategy/mod.ts";
import type { TaskDefinition } from "../task/define_task.ts";
import { interfering, joinLeaf, refusal, smallTask } from "./_testing.ts";
import { memoryState } from "./memory_state.ts";
import type { RoundReport } from "./round_report.ts";

/** Two who drift apart in 25 local steps; the sum of their losses is least at 0.8. */
const CLIENTS = [{ target: [0], curvature: 1 }, { target: [1], curvature: 4 }];
const DRIFTING = CLIENTS.map((client) => quadraticTrainer({ ...client, steps: 25 }));

function taskOf(strategy: StrategyOptions, change: Partial<TaskDefinition> = {}) {
  return smallTask({
    model: tensors({ tensors: { x: [1] } }),
    strategy,
    update: { slotBits: 32 },
    clients: { min: 2, max: 2 },
    stop: { rounds: 20 },
    ...change,
  });
}

/** Has one client a trainer take part to the end, at the leaves in turn. */
async function run(
  tree: Tree,
  trainers: readonly Trainer[],
): Promise<{ reports: RoundReport[][]; tensors: Record<string, number> }> {
  await using stack = new AsyncDisposableStack();
  const clients = [];
  for (const [number, trainer] of trainers.entries()) {
    const at = tree.leaves[number % tree.leaves.length]!;
    clients.push(stack.use(
      await joinLeaf(tree, { number, at, training: { trainer } }),
    ));
  }
  const reports = await Promise.all(clients.map((me) => Array.fromAsync(me.rounds())));
  const { tensors } = await clients[0]!.model();
  const values = Object.entries(tensors).map(([name, { data }]) => [name, data[0]!]);
  return { reports, tensors: Object.fromEntries(values) };
}

Deno.test("strategies: scaffold takes clients under two regions to their joint optimum", async () => {
  const task = taskOf(scaffold({ population: 2, controlRange: 8 }));
  await using tree = await startTree({ task, shape: [2] });
  const { reports, tensors } = await run(tree, DRIFTING);
  // The control that travels beside the model is none of the application's.
  assert.deepEqual(Object.keys(tensors), ["x"]);
  assert.ok(Math.abs(tensors.x! - 0.8) < 0.01, `${tensors.x}`);
  const [first] = reports[0]!;
  assert.equal(first?.kind, "sent");
  // x, Σ w and the change of control.
  assert.equal(first.bytesSent, 4 * 3);
});

Deno.test("strategies: scaffold goes on where it was after its root began again", async () => {
  const task = taskOf(scaffold({ population: 2, controlRange: 8 }), { stop: { rounds: 4 } });
  const whole = await (async () => {
    await using tree = await startTree({ task, store: "sqlite" });
    return await run(tree, DRIFTING);
  })();
  await using tree = await startTree({ task, store: "sqlite", clock: hastyClock() });
  let restarted = false;
  const trainers = DRIFTING.map((train, at): Trainer => async (model, context) => {
    if (at === 0 && context.round === 3 && !restarted) {
      restarted = true;
      await tree.root.stop();
      await tree.root.start();
    }
    return await train(model, context);
  });
  const { tensors } = await run(tree, trainers);
  assert.ok(restarted);
  assert.deepEqual(tensors, whole.tensors);
});

Deno.test("strategies: a client whose update is refused keeps its control as it was", async () => {
  let uploads = 0;
  const through = interfering({
    ...{ method: "PUT", path: /\/updates\// },
    answer: (request, fetch) =>
      ++uploads === 1 ? Promise.resolve(refusal("round-full")) : fetch(request),
  });
  const task = taskOf(scaffold({ population: 2 }), {
    ...{ clients: { min: 1, max: 2 }, roundMs: 1000, stop: { rounds: 1 } },
  });
  await using tree = await startTree({ task, through });
  const state = memoryState();
  await using me = await joinLeaf(tree, { training: { trainer: DRIFTING[1]! }, state });
  const { value } = await me.rounds().next();
  assert.deepEqual(value, { kind: "missed", round: 1, reason: "round-full" });
  assert.equal(await state.get("scaffold/control"), undefined);
});

Deno.test("strategies: what clients keep of scaffold is what the root added up", async () => {
  const task = taskOf(scaffold({ population: 2, controlRange: 0.5 }), { stop: { rounds: 5 } });
  await using tree = await startTree({ task });
  const shifts = new Map<number, number[]>();
  const trainers = DRIFTING.map((train): Trainer => (model, context) => {
    const shift = context.correction!.shift!.x!.data[0]!;
    shifts.set(context.round, [...shifts.get(context.round) ?? [], shift]);
    return train(model, context);
  });
  await run(tree, trainers);
  assert.equal(shifts.size, 5);
  for (const [one = NaN, other = NaN] of shifts.values()) {
    // c − c₀ and c − c₁, where c is their mean, though each was clamped to ±0.5 on its way.
    assert.ok(Math.abs(one + other) < 1e-6, `${one}, ${other}`);
  }
  assert.ok(Math.abs(shifts.get(5)![0]!) > 0.2);
});

const plain: Trainer = ({ x }) => Promise.resolve({ weights: { x: x! }, examples: 1 });
for (
  const [strategy, found] of [
    [fedProx(), /its trainer never read context\.correction/],
    [scaffold({ population: 2 }), /its trainer never read context\.correction/],
    [
      fedNova(),
      /its trainer gave steps undefined, expected a whole number, 0 or more, for fednova/,
    ],
    [
      qFedAvg(),
      /its trainer gave loss undefined, expected a finite number, 0 or more, for qfedavg/,
    ],
  ] as const
) {
  Deno.test(`strategies: a trainer of one's own that ${strategy.kind} cannot use ends the rounds`, async () => {
    const task = taskOf(strategy, { clients: { min: 1, max: 2 }, stop: { rounds: 1 } });
    await using tree = await startTree({ task });
    await using me = await joinLeaf(tree, { training: { trainer: plain } });
    await assert.rejects(Array.fromAsync(me.rounds()), (error: Error & { code?: string }) => {
      assert.equal(error.code, "update-misshapen");
      assert.match(error.message, found);
      return true;
    });
  });
}

import assert from "node:assert/strict";
import { toHex } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import { hex32, SAMPLE_TASK } from "./_testing.ts";
import { readTask, signTask, taskId, updatePlan, verifyTask } from "./task.ts";

/** The sample with one field replaced, `undefined` taking it out. */
function changed(path: string, value: unknown): unknown {
  const task = structuredClone(SAMPLE_TASK) as unknown as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() ?? "";
  let at = task;
  for (const name of names) at = at[name] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return task;
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(isTributaryError(error, "task-refused"), String(error));
  assert.match(error.message, pattern);
  return true;
};

Deno.test("task: a good one is read unchanged", () => {
  assert.deepEqual(readTask(structuredClone(SAMPLE_TASK)), SAMPLE_TASK);
});

for (
  const [path, value, says] of [
    ["version", 2, /at version/],
    ["name", "", /at name/],
    ["name", "a\nb", /at name/],
    ["name", "x".repeat(129), /at name/],
    ["extra", 1, /at extra/],
    ["model.kind", "MF", /at model.kind/],
    ["model.kind", undefined, /at model.kind/],
    ["model.items", [[[[[1]]]]], /at model.items/],
    ["strategy.lr", Number.POSITIVE_INFINITY, /at strategy.lr/],
    ["update.ring", "u32", /at update.ring/],
    ["update.slotBits", 1, /at update.slotBits/],
    ["update.slotBits", 33, /at update.slotBits/],
    ["update.slotBits", 18.5, /at update.slotBits/],
    ["update.tensors", [], /at update.tensors/],
    ["update.tensors.0.shape", [0], /at update.tensors.0.shape.0/],
    ["update.tensors.0.range", 0, /at update.tensors.0.range/],
    ["update.tensors.0.range", Number.NaN, /at update.tensors.0.range/],
    ["update.tensors.1.name", "items", /"items" is named twice/],
    ["update.clip", -1, /at update.clip/],
    ["update.weightCap", 0, /at update.weightCap/],
    ["clients.min", 0, /at clients.min/],
    ["clients.min", 101, /clients.min is 101, expected at most clients.max, which is 100/],
    ["clients.max", 1 << 25, /at clients.max/],
    ["sampling", undefined, /at sampling/],
    ["sampling", { kind: "poisson", rate: 2 }, /at sampling.rate/],
    [
      "sampling",
      { kind: "uniform", count: 1, overSelect: 2 },
      /complete with 1 clients, expected at/,
    ],
    [
      "sampling",
      { kind: "available", count: 90, overSelect: 1.2 },
      /a round asks 108 clients, exp/,
    ],
    ["roundMs", 0, /at roundMs/],
    ["metrics", ["hr@10", "hr@10"], /"hr@10" is named twice/],
    ["metrics", ["HR 10"], /at metrics.0/],
    ["stop", {}, /at stop.rounds/],
    ["stop", { rounds: 1, minutes: 0 }, /at stop.minutes/],
    ["stop", { rounds: 1, target: { metric: "loss", value: 1 } }, /it stops by "loss"/],
    ["stop", { rounds: 1, patience: { metric: "hr@5", rounds: 2 } }, /it stops by "hr@5"/],
    ["seed", "07", /at seed/],
  ] as const
) {
  Deno.test(`task: ${path} of ${JSON.stringify(value)?.slice(0, 60)} is refused by name`, () => {
    assert.throws(() => readTask(changed(path, value)), refused(says));
  });
}

Deno.test("task: a sample may be as small as clients.min, and ask as many as clients.max", () => {
  for (const [count, overSelect] of [[2, 1], [100, 1], [80, 1.25]]) {
    const sampling = { kind: "uniform", count, overSelect };
    assert.deepEqual(readTask(changed("sampling", sampling)).sampling, sampling);
  }
});

Deno.test("task: the layout of its updates holds as many clients as a round takes", () => {
  assert.deepEqual(updatePlan(SAMPLE_TASK), { ...SAMPLE_TASK.update, maxClients: 100 });
});

Deno.test("task: its id does not depend on the order of its fields", async () => {
  const turned = Object.fromEntries(Object.entries(SAMPLE_TASK).toReversed());
  assert.equal(await taskId(turned as unknown as typeof SAMPLE_TASK), await taskId(SAMPLE_TASK));
});

Deno.test("task: its id is the SHA-256 of its canonical JSON", async () => {
  const { createHash } = await import("node:crypto");
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : value !== null && typeof value === "object"
      ? Object.fromEntries(
        Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1).map((
          [k, v],
        ) => [k, sorted(v)]),
      )
      : value;
  const expected = createHash("sha256").update(JSON.stringify(sorted(SAMPLE_TASK))).digest("hex");
  assert.equal(await taskId(SAMPLE_TASK), expected);
});

Deno.test("task: a signed one verifies, under its own name", async () => {
  const owner = await generateIdentity();
  const signed = await signTask(SAMPLE_TASK, owner);
  const id = await taskId(SAMPLE_TASK);
  const wire = JSON.parse(JSON.stringify(signed));
  assert.deepEqual(await verifyTask(wire, id), { signed, id });
  await assert.rejects(
    verifyTask(wire, hex32(1)),
    refused(/its digest is [0-9a-f]{64}, expected 01/),
  );
});

Deno.test("task: a changed document, another owner and a foreign signature are refused", async () => {
  const [owner, other] = await Promise.all([generateIdentity(), generateIdentity()]);
  const signed = await signTask(SAMPLE_TASK, owner);
  const theirs = await signTask(SAMPLE_TASK, other);
  const longer = { ...SAMPLE_TASK, stop: { rounds: 4 } };
  for (
    const forged of [
      { ...signed, task: longer },
      { ...signed, owner: theirs.owner },
      { ...signed, signature: theirs.signature },
    ]
  ) {
    await assert.rejects(verifyTask(forged), refused(/the signature is not its owner's/));
  }
});

Deno.test("task: a key that is no point, or an id in another spelling, is refused", async () => {
  const owner = await generateIdentity();
  const signed = await signTask(SAMPLE_TASK, owner);
  // Spare bits set: the same 32 bytes under another name.
  const respelled = signed.owner.slice(0, 42) +
    ({ A: "B", E: "F", I: "J", M: "N", Q: "R", U: "V", Y: "Z", c: "d", g: "h", k: "l", o: "p" }[
      signed.owner.charAt(42)
    ] ?? "1");
  await assert.rejects(verifyTask({ ...signed, owner: respelled }), refused(/at owner/));
  await assert.rejects(
    verifyTask({ ...signed, owner: "_".repeat(42) + "8" }),
    refused(/signature/),
  );
  assert.equal(toHex(owner.publicKey).length, 64);
});

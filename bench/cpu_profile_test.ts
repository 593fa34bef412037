import assert from "node:assert/strict";
import { type CpuProfile, IDLE, OTHER, secondsByKind } from "./cpu_profile.ts";

const frame = (id: number, name: string, url: string, children: number[] = []) => ({
  ...{ id, children },
  callFrame: { functionName: name, url },
});

const profile: CpuProfile = {
  startTime: 0,
  endTime: 10e6,
  nodes: [
    frame(1, "(root)", "", [2, 3, 6, 7]),
    frame(2, "(idle)", ""),
    frame(3, "train", "file:///x/src/models/mf.ts", [4]),
    frame(4, "fit", "file:///x/src/wasm/train.ts", [5]),
    frame(5, "wasm-function[3]", "wasm://wasm/0002"),
    frame(6, "digest", ""),
    frame(7, "(program)", ""),
  ],
  samples: [2, 5, 3, 6, 7, 2],
  timeDeltas: [1e6, 2e6, 0.5e6, 0.25e6, 0.125e6, 4e6],
};

Deno.test("CPU profile: a native frame counts for those who called it, and idling for nobody", () => {
  const seconds = secondsByKind(profile, [
    { name: "hashing", frame: /^digest / },
    { name: "training", frame: /\/src\/models\// },
  ]);
  assert.deepEqual(
    Object.fromEntries(seconds),
    { hashing: 0.25, training: 2.5, [OTHER]: 0.125, [IDLE]: 5 },
  );
});

Deno.test("CPU profile: a stack is of the first kind that knows it", () => {
  const seconds = secondsByKind(profile, [
    { name: "kernels", frame: /\/src\/wasm\// },
    { name: "training", frame: /\/src\/models\// },
  ]);
  assert.equal(seconds.get("kernels"), 2);
  assert.equal(seconds.get("training"), 0.5);
});

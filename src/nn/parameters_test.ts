import assert from "node:assert/strict";
import { fromBase64, toHex } from "../core/bytes.ts";
import { isTributaryError } from "../core/errors.ts";
import { encodeSafetensors } from "../core/safetensors.ts";
import type { NamedTensors } from "../core/tensor.ts";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { ONES, ZEROS } from "./initial.ts";
import {
  initialParameters,
  loadParameters,
  type ParameterSpec,
  prefixed,
  saveParameters,
} from "./parameters.ts";

const SEED = new Uint8Array(32).fill(9);
const PARAMETERS: readonly ParameterSpec[] = [
  ...prefixed("hidden", [
    { name: "weight", shape: [3, 2], initial: { kind: "he" } },
    { name: "bias", shape: [2], initial: ZEROS },
  ]),
  { name: "gain", shape: [], initial: ONES },
];

function refused(work: () => unknown, found: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(isTributaryError(error, "bad-tensors"), String(error));
    assert.match(error.message, found);
    return true;
  });
}

Deno.test("parameters: names are dotted, values drawn by seed", () => {
  const values = initialParameters(PARAMETERS, SEED);
  assert.deepEqual(Object.keys(values), ["hidden.weight", "hidden.bias", "gain"]);
  assert.deepEqual(values["hidden.bias"], { shape: [2], data: new Float32Array(2) });
  assert.deepEqual([...values.gain!.data], [1]);
  assert.deepEqual(initialParameters(PARAMETERS, SEED), values);
  const other = initialParameters(PARAMETERS, new Uint8Array(32));
  assert.notDeepEqual(other["hidden.weight"], values["hidden.weight"]);
});

Deno.test("parameters: a part within a part has both names", () => {
  const inner = prefixed("block", prefixed("norm", [{ name: "gain", shape: [2], initial: ONES }]));
  assert.deepEqual(inner.map(({ name }) => name), ["block.norm.gain"]);
});

Deno.test("parameters: a file gives back what was saved, bit for bit", () => {
  const values = initialParameters(PARAMETERS, SEED);
  values.gain!.data[0] = -0;
  const loaded = loadParameters(PARAMETERS, saveParameters(PARAMETERS, values));
  for (const { name, shape } of PARAMETERS) {
    assert.deepEqual(loaded[name]!.shape, shape);
    assert.deepEqual(
      new Uint8Array(loaded[name]!.data.buffer),
      new Uint8Array(values[name]!.data.buffer),
    );
  }
});

Deno.test("parameters: neither fewer, nor more, nor other shapes are loaded or saved", () => {
  const { gain, ...fewer } = initialParameters(PARAMETERS, SEED);
  const more = { ...fewer, gain: gain!, spy: gain! };
  const other = { ...fewer, gain: { shape: [1], data: gain!.data } };
  const short = { ...fewer, gain: { shape: [], data: new Float32Array(2) } };
  const both = (values: NamedTensors, found: RegExp) => {
    refused(() => loadParameters(PARAMETERS, encodeSafetensors(values)), found);
    refused(() => saveParameters(PARAMETERS, values), found);
  };
  both(
    fewer,
    /parameters: "gain" is missing, found hidden.(weight, hidden.bias|bias, hidden.weight)$/,
  );
  both(more, /parameters: "spy" is unknown, expected hidden.weight, hidden.bias, gain$/);
  both(other, /parameters: "gain" has 1 values of shape \[1\], expected \[\]$/);
  refused(() => saveParameters(PARAMETERS, short), /"gain" has 2 values of shape \[\]/);
});

Deno.test("parameters: a name of every object is no parameter that is there", () => {
  const parameters = [{ name: "constructor", shape: [1], initial: ZEROS }];
  refused(() => saveParameters(parameters, {}), /"constructor" is missing, found none/);
});

interface FileCase {
  readonly kind: "valid" | "malformed";
  readonly name: string;
  readonly base64: string;
  readonly tensors: readonly { name: string; dtype: string; shape: number[]; bytes: string }[];
}
const vectors = sharedVectors<{ cases: FileCase[] }>("safetensors.json");

Deno.test({
  name: "parameters: the reference library's malformed files are refused, its float32 ones loaded",
  ignore: vectors.ignore,
  fn() {
    const loaded: string[] = [];
    for (const { kind, name, base64, tensors } of vectors.read().cases) {
      const file = fromBase64(base64);
      if (kind === "malformed") {
        refused(() => loadParameters([], file), /^Cannot use safetensors: /);
        continue;
      }
      const specs = tensors.map(({ name, shape }) => ({ name, shape }));
      if (tensors.some(({ dtype }) => dtype !== "F32")) {
        refused(() => loadParameters(specs, file), /holds \w+, expected F32/);
        continue;
      }
      const values = loadParameters(specs, file);
      for (const { name, bytes } of tensors) {
        assert.equal(toHex(new Uint8Array(values[name]!.data.buffer)), bytes);
      }
      if (specs.length > 0) refused(() => loadParameters(specs.slice(1), file), /is unknown/);
      loaded.push(name);
    }
    assert.ok(loaded.includes("no metadata, one scalar"), loaded.join());
  },
});

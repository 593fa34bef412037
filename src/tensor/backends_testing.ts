/**
 * The backends that the suites of operators run over, and how closely each must answer.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createTrainCore, inlineModule } from "../wasm/mod.ts";
import { fastestSimd, type Simd } from "../wasm/simd.ts";
import type { Backend, Slot } from "./backend.ts";
import { createReferenceBackend, type ReferenceBackend } from "./reference_backend_testing.ts";
import { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";
import { createWasmBackend } from "./wasm_backend.ts";

/** One backend under test. */
export interface TestBackend {
  /** As tests call it. */
  readonly name: string;
  /** Largest difference to the right value, as a share of the largest value, or of 1 if all are less. */
  readonly tolerance: number;
  /** A fresh one. */
  readonly create: () => Backend;
}

/** The builds of the core that this runtime can run. */
const BUILDS = [...new Set<Simd>(["baseline", fastestSimd()])];

/**
 * The reference in float64, which gives known answers to the digits they are written with, and wasm. Of
 * the latter's errors, most are those of float32 values between kernels: 3e-6 where scores are large.
 */
export const BACKENDS: readonly TestBackend[] = [
  { name: "reference", tolerance: 2e-10, create: () => createReferenceBackend() },
  ...await Promise.all(BUILDS.map(async (simd) => {
    const module = await inlineModule("train", { simd });
    return {
      name: `wasm, ${simd}`,
      tolerance: 1e-5,
      create: () => createWasmBackend(createTrainCore(module)),
    };
  })),
];

/** A test that runs over every backend. */
export function testBackends(
  name: string,
  body: (tape: Tape, backend: TestBackend) => void | Promise<void>,
): void {
  for (const backend of BACKENDS) {
    Deno.test(`${name} (${backend.name})`, () => body(new Tape(backend.create()), backend));
  }
}

/** Nested lists, as known answers write tensors. */
export type Nested = number | readonly Nested[];

/** Extents of nested lists. */
export function shapeOf(nested: Nested): number[] {
  return typeof nested === "number" ? [] : [nested.length, ...shapeOf(nested[0] ?? 0)].slice(
    0,
    nested.length === 0 ? 1 : undefined,
  );
}

/** Values of nested lists in order. */
export function flat(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flat);
}

/** Writes float64 values where the backend can hold them, float32 ones elsewhere. */
export function fill(backend: Backend, slot: Slot, values: readonly number[]): void {
  if (isReference(backend)) backend.values(slot).set(values);
  else backend.write(slot, Float32Array.from(values));
}

/** The values of a slot in the backend's own precision. */
export async function valuesOf(backend: Backend, slot: Slot): Promise<number[]> {
  return isReference(backend) ? [...backend.values(slot)] : [...await backend.read(slot)];
}

function isReference(backend: Backend): backend is ReferenceBackend {
  return "values" in backend;
}

/** A parameter with the values of nested lists and a gradient of zero. */
export function parameter(tape: Tape, nested: Nested): Variable {
  const values = flat(nested);
  const slots = {
    values: tape.backend.alloc(values.length * 4),
    gradient: tape.backend.alloc(values.length * 4),
  };
  fill(tape.backend, slots.values, values);
  fill(tape.backend, slots.gradient, values.map(() => 0));
  return tape.parameter(shapeOf(nested), slots);
}

/** A constant with the values of nested lists. */
export function constant(tape: Tape, nested: Nested): Variable {
  const values = flat(nested);
  const made = tape.constant(Float32Array.from(values), shapeOf(nested));
  fill(tape.backend, made.slot, values);
  return made;
}

/** Indices with the values of nested lists. */
export function indices(tape: Tape, nested: Nested): ReturnType<Tape["indices"]> {
  return tape.indices(Uint32Array.from(flat(nested)), shapeOf(nested));
}

/**
 * Asserts that values are as close as the backend's tolerance asks, each in its place. Rounding errors
 * of sums go with the largest terms, so it counts as a share of the largest value of all.
 */
export function assertClose(
  found: readonly number[],
  wanted: Nested,
  { tolerance, what = "value" }: { readonly tolerance: number; readonly what?: string },
): void {
  const all = flat(wanted);
  assert.equal(found.length, all.length, `${what}: as many values`);
  const scale = all.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  all.forEach((want, i) => {
    const close = Math.abs(found[i]! - want) <= tolerance * scale || Object.is(found[i], want);
    assert.ok(close, `${what} ${i}: ${found[i]} for ${want}`);
  });
}

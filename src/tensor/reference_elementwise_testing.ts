/**
 * Reference kernels that go value by value, in float64.
 *
 * @module
 */
import type { ElementwiseKernel } from "./kernels.ts";
import type { ReferenceKernel } from "./reference_backend_testing.ts";

/** A function and its slope, told from the argument `x` or the value `y` as the kernels keep them. */
interface Curve {
  readonly value: (x: number) => number;
  readonly slope: (x: number, y: number) => number;
}

/** `1 / (1 + e⁻ˣ)` without cancellation. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

const ROOT = Math.sqrt(2 / Math.PI);
const bend = (x: number): number => Math.tanh(ROOT * (x + 0.044715 * x ** 3));

/** `erf`, by its series near 0 and the continued fraction of `erfc` beyond (DLMF 7.6.1, 7.9.1). */
function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a > 2.5)) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 80; n++) {
      term *= -a * a / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (a > 7) return Math.sign(x);
  let fraction = a;
  for (let n = 120; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

/** Activations in the order of their numbers. */
export const CURVES: readonly Curve[] = [
  { value: (x) => x, slope: () => 1 },
  { value: (x) => x > 0 || Number.isNaN(x) ? x : 0, slope: (_, y) => y > 0 ? 1 : 0 },
  {
    value: (x) => x === -Infinity ? 0 : x / 2 * (1 + bend(x)),
    slope(x) {
      const t = bend(x);
      return (1 + t) / 2 + x / 2 * (1 - t * t) * ROOT * (1 + 3 * 0.044715 * x * x);
    },
  },
  {
    value: (x) => x / 2 * (1 + erf(x / Math.SQRT2)),
    slope: (x) => (1 + erf(x / Math.SQRT2)) / 2 + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
  },
  { value: sigmoid, slope: (_, y) => y * (1 - y) },
  { value: Math.tanh, slope: (_, y) => 1 - y * y },
  {
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
];

/** Functions of `unary` in the order of their numbers. */
const FUNCTIONS: readonly Curve[] = [
  { value: Math.exp, slope: (_, y) => y },
  { value: Math.log, slope: (x) => 1 / x },
  { value: Math.sqrt, slope: (_, y) => 0.5 / y },
  { value: softplus, slope: sigmoid },
];

/** `log(1 + eˣ)` without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function pairwise(of: (a: number, b: number) => number): ReferenceKernel {
  return ([a, b, out]) => {
    for (let i = 0; i < out!.length; i++) out![i] = of(a![i]!, b![i]!);
  };
}

function curve(curves: readonly Curve[]): ReferenceKernel {
  return ([x, out], [, number]) => {
    for (let i = 0; i < out!.length; i++) out![i] = curves[number!]!.value(x![i]!);
  };
}

function curveBackward(curves: readonly Curve[]): ReferenceKernel {
  return ([x, y, dy, dx], [, number]) => {
    // What is left out may not matter: NaN shows where it does.
    for (let i = 0; i < dx!.length; i++) {
      dx![i]! += dy![i]! * curves[number!]!.slope(x?.[i] ?? NaN, y?.[i] ?? NaN);
    }
  };
}

/** A bijection of words (the multipliers are Wellons's), with a key between its two halves. */
function scramble(word: number, key = 0): number {
  const half = (Math.imul(word ^ (word >>> 16), 0x7feb352d) ^ key) >>> 0;
  const whole = Math.imul(half ^ (half >>> 15), 0x846ca68b) >>> 0;
  return (whole ^ (whole >>> 16)) >>> 0;
}

/** Whether dropout leaves a place out: its hash, 24 bits of it, is below the rate. */
function isDropped(place: number, [low, high]: readonly [number, number], rate: number): boolean {
  const first = scramble(low ^ scramble(high ^ 0x9e3779b9));
  const second = scramble(high ^ scramble(first ^ 0x85ebca6b));
  return scramble((place + first) >>> 0, second) >>> 8 < Math.fround(rate) * 2 ** 24;
}

function dropout(add: boolean): ReferenceKernel {
  return ([x, out], [len, rate, low, high]) => {
    for (let i = 0; i < len!; i++) {
      const kept = isDropped(i, [low!, high!], rate!) ? 0 : x![i]! / (1 - rate!);
      out![i] = (add ? out![i]! : 0) + kept;
    }
  };
}

/** Reference kernels that go value by value. */
export const ELEMENTWISE: Readonly<Record<ElementwiseKernel, ReferenceKernel>> = {
  fill: ([out], [, value]) => void out!.fill(value!),
  add: pairwise((a, b) => a + b),
  subtract: pairwise((a, b) => a - b),
  multiply: pairwise((a, b) => a * b),
  divide: pairwise((a, b) => a / b),
  divide_backward([b, y, dy, da, db]) {
    dy!.forEach((value, i) => {
      if (da) da[i]! += value / b![i]!;
      if (db) db[i]! -= value * y![i]! / b![i]!;
    });
  },
  add_scaled([x, out], [, factor]) {
    for (let i = 0; i < out!.length; i++) out![i]! += factor! * x![i]!;
  },
  scale([x, out], [, factor]) {
    for (let i = 0; i < out!.length; i++) out![i] = factor! * x![i]!;
  },
  multiply_add([a, b, out]) {
    for (let i = 0; i < out!.length; i++) out![i]! += a![i]! * b![i]!;
  },
  activate: curve(CURVES),
  activate_backward: curveBackward(CURVES),
  unary: curve(FUNCTIONS),
  unary_backward: curveBackward(FUNCTIONS),
  dropout: dropout(false),
  dropout_backward: dropout(true),
};

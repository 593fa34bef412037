/**
 * Activations and elementary functions, value by value.
 *
 * @module
 */
import { ACTIVATIONS, UNARY_FUNCTIONS } from "./kernels.ts";
import type { Tape } from "./tape.ts";
import type { Variable } from "./variable.ts";

/** What a backward kernel wants of what was computed. */
type Keeps = "argument" | "value";

/** `max(x, 0)`; its slope at 0 is 0. */
export function relu(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "relu", keeps: "value" });
}

/** `x·Φ(x)` with the normal distribution's Φ by tanh (Hendrycks and Gimpel, arXiv 1606.08415). */
export function gelu(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "gelu", keeps: "argument" });
}

/** `x·Φ(x)` with Φ by the error function. */
export function geluErf(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "gelu_erf", keeps: "argument" });
}

/** `1/(1 + e⁻ˣ)`. */
export function sigmoid(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "sigmoid", keeps: "value" });
}

/** The hyperbolic tangent. */
export function tanh(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "tanh", keeps: "value" });
}

/** `x·sigmoid(x)`. */
export function silu(tape: Tape, x: Variable): Variable {
  return activate(tape, x, { activation: "silu", keeps: "argument" });
}

/** `eˣ`. */
export function exp(tape: Tape, x: Variable): Variable {
  return unary(tape, x, { name: "exp", keeps: "value" });
}

/** The natural logarithm. */
export function log(tape: Tape, x: Variable): Variable {
  return unary(tape, x, { name: "log", keeps: "argument" });
}

/** The square root. */
export function sqrt(tape: Tape, x: Variable): Variable {
  return unary(tape, x, { name: "sqrt", keeps: "value" });
}

/** `log(1 + eˣ)`, without overflow. */
export function softplus(tape: Tape, x: Variable): Variable {
  return unary(tape, x, { name: "softplus", keeps: "argument" });
}

function activate(
  tape: Tape,
  x: Variable,
  { activation, keeps }: { readonly activation: keyof typeof ACTIVATIONS; readonly keeps: Keeps },
): Variable {
  return curve(tape, x, { kernel: "activate", number: ACTIVATIONS[activation], keeps });
}

function unary(
  tape: Tape,
  x: Variable,
  { name, keeps }: { readonly name: keyof typeof UNARY_FUNCTIONS; readonly keeps: Keeps },
): Variable {
  return curve(tape, x, { kernel: "unary", number: UNARY_FUNCTIONS[name], keeps });
}

function curve(
  tape: Tape,
  x: Variable,
  { kernel, number, keeps }: {
    readonly kernel: "activate" | "unary";
    readonly number: number;
    readonly keeps: Keeps;
  },
): Variable {
  const y = tape.output(x.shape, x.differentiable);
  tape.backend.run(kernel, [x.slot, y.slot], [x.size, number]);
  tape.record(y, (dy) => {
    const kept = keeps === "argument" ? [x.slot, null] : [null, y.slot];
    tape.backend.run(`${kernel}_backward`, [...kept, dy, tape.gradient(x)], [x.size, number]);
  });
  return y;
}

import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { figureOf } from "./client_half.ts";

const given = { weights: {}, examples: 3, steps: 12, rate: 0.5, loss: 0 };

Deno.test("client half: a figure is what the trainer gave", () => {
  assert.equal(figureOf(given, "steps", "x"), 12);
  assert.equal(figureOf(given, "rate", "x"), 0.5);
  assert.equal(figureOf(given, "loss", "x"), 0);
});

Deno.test("client half: what is missing is named, with who asks for it", () => {
  assert.throws(
    () => figureOf({ weights: {}, examples: 3 }, "steps", "fednova"),
    (error) =>
      isTributaryError(error, "update-misshapen") &&
      error.message === "Cannot send the update: its trainer gave steps undefined, " +
          "expected a whole number, 0 or more, for fednova",
  );
});

Deno.test("client half: numbers that are none, or below 0, and parts of steps are refused", () => {
  const names = fc.constantFrom("steps", "rate", "loss");
  fc.assert(fc.property(names, fc.double(), (name, value) => {
    const fits = value >= 0 && value < Infinity && (name !== "steps" || Number.isInteger(value));
    const take = () => figureOf({ ...given, [name]: value }, name as "steps", "x");
    if (fits) assert.equal(take(), value);
    else assert.throws(take, (error) => isTributaryError(error, "update-misshapen"));
  }));
});

import assert from "node:assert/strict";
import { fillRoute, ROUTES } from "./routes.ts";

Deno.test("routes: segments are filled in and escaped", () => {
  assert.equal(
    fillRoute(ROUTES.update, { task: "ab", round: 3, member: "x/y z" }),
    "/v1/tasks/ab/rounds/3/updates/x%2Fy%20z",
  );
  assert.equal(fillRoute(ROUTES.tasks, {}), "/v1/tasks");
});

Deno.test("routes: a segment without a value is a mistake", () => {
  assert.throws(() => fillRoute(ROUTES.task, {}), RangeError);
});

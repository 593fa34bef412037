import assert from "node:assert/strict";
import { systemClock } from "./clock.ts";

Deno.test("clock: the system's is that of the platform", () => {
  const before = Date.now();
  const now = systemClock().now();
  assert.ok(before <= now && now <= Date.now());
});

Deno.test("clock: no time, and less, passes at once", async () => {
  const clock = systemClock();
  await clock.sleep(0);
  await clock.sleep(-5, { signal: new AbortController().signal });
});

Deno.test("clock: a sleep ends with the reason when its signal aborts", async () => {
  const controller = new AbortController();
  const sleep = systemClock().sleep(3_600_000, { signal: controller.signal });
  const reason = new Error("the client left");
  controller.abort(reason);
  await assert.rejects(sleep, (error) => error === reason);
});

Deno.test("clock: a sleep of more than a timer takes is still one that can be aborted", async () => {
  const controller = new AbortController();
  const sleep = systemClock().sleep(2 ** 40, { signal: controller.signal });
  controller.abort("stop");
  await assert.rejects(sleep, (reason) => reason === "stop");
});

Deno.test("clock: with an aborted signal nobody falls asleep", async () => {
  const signal = AbortSignal.abort("over");
  await assert.rejects(systemClock().sleep(0, { signal }), (reason) => reason === "over");
});

Deno.test("clock: an abort after the sleep changes nothing", async () => {
  const controller = new AbortController();
  await systemClock().sleep(0, { signal: controller.signal });
  controller.abort();
});

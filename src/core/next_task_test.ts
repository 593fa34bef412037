import assert from "node:assert/strict";
import { nextTask } from "./next_task.ts";

Deno.test("next task: timers that are due fire before it goes on, promises before that", async () => {
  const order: string[] = [];
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      order.push("timer");
      resolve();
    })
  );
  Promise.resolve().then(() => order.push("promise"));
  const task = nextTask().then(() => order.push("task"));
  order.push("now");
  await Promise.all([timer, task]);
  assert.deepEqual(order.slice(0, 2), ["now", "promise"]);
  assert.deepEqual(new Set(order.slice(2)), new Set(["timer", "task"]));
});

Deno.test("next task: an abort that is on its way arrives meanwhile", async () => {
  const controller = new AbortController();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => controller.abort();
  port2.postMessage("stop");
  await nextTask();
  await nextTask();
  assert.equal(controller.signal.aborted, true);
  port1.close();
  port2.close();
});

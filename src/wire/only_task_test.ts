import assert from "node:assert/strict";
import type { Peer } from "./peer.ts";
import { onlyTask } from "./only_task.ts";

function peerWith(...names: string[]): Peer {
  const tasks = names.map((name, at) => ({ name, task: String(at).repeat(64) }));
  const peer: Partial<Peer> = {
    url: "http://region.test",
    tasks: () => Promise.resolve({ tasks }),
  };
  return peer as Peer;
}

Deno.test("only task: one task is chosen", async () => {
  assert.equal(await onlyTask(peerWith("films")), "0".repeat(64));
});

Deno.test("only task: none is none to choose", async () => {
  await assert.rejects(onlyTask(peerWith()), {
    code: "task-unknown",
    message:
      "Cannot choose a task: http://region.test has none, expected one, or a digest to choose by",
  });
});

Deno.test("only task: of two, the sentence names both", async () => {
  await assert.rejects(onlyTask(peerWith("films", "songs")), {
    code: "task-unknown",
    message: "Cannot choose a task: http://region.test has " +
      `films (${"0".repeat(64)}), songs (${
        "1".repeat(64)
      }), expected one, or a digest to choose by`,
  });
});

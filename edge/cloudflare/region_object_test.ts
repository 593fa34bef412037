import assert from "node:assert/strict";
import { WAKE_MS } from "./_region_testing.ts";
import { onTree, ROUNDS, trainToTheEnd } from "./_tree_testing.ts";

onTree(
  "region object: masked rounds train through a region in workerd",
  (setting) => trainToTheEnd(setting),
);

onTree(
  "region object: one that is killed in mid-round goes on with what it acknowledged",
  async (setting) => {
    let kills = 0;
    await trainToTheEnd(setting, async (client, round) => {
      if (client !== round) return;
      kills++;
      await setting.region.killAndStart();
    });
    assert.equal(kills, ROUNDS);
  },
);

onTree(
  "region object: an alarm brings one back that nobody asks anything",
  async ({ region, nextCall }) => {
    const called = nextCall();
    await (await fetch(`${region.url}/v1/tasks`)).text();
    await called;
    for (let times = 0; times < 2; times++) {
      // Some alarms ring while it is there, each of which sets the next one.
      await new Promise((resolve) => setTimeout(resolve, 3 * WAKE_MS));
      await region.killAndStart();
      await nextCall();
    }
  },
);

import assert from "node:assert/strict";
import { generateStoredIdentity } from "../../core/identity.ts";
import { testFolder } from "../_testing.ts";
import { startFleet } from "./fleet.ts";
import type { FleetEvent } from "./fleet_message.ts";

async function start(stateFile: string) {
  const { pkcs8 } = await generateStoredIdentity();
  const client = { person: "1", region: "http://127.0.0.1:1", pkcs8 };
  const events: FleetEvent[] = [];
  const fleet = startFleet({
    ...{ task: "00".repeat(32), token: "t", seed: new Uint8Array(32), stateFile, atOnce: 1 },
    clients: [{ ...client, examples: { items: Uint32Array.of(0) } }],
  }, (event) => events.push(event));
  return { fleet, events };
}

Deno.test("fleet: when its thread cannot work, it ends with the reason", async () => {
  await using folder = await testFolder();
  const { fleet, events } = await start(folder.path());
  await using _fleet = fleet;
  await assert.rejects(fleet.done, /Cannot open .*, expected a SQLite file/);
  assert.deepEqual(events.map(({ kind }) => kind), ["failed"]);
});

Deno.test("fleet: stopped while it waits for its region, it ends", async () => {
  await using folder = await testFolder();
  const { fleet, events } = await start(folder.path("devices.db"));
  await fleet[Symbol.asyncDispose]();
  await fleet.done;
  assert.deepEqual(events.map(({ kind }) => kind), ["ended"]);
});

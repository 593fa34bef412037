import assert from "node:assert/strict";
import fc from "fast-check";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity } from "../core/identity.ts";
import type { ParcelPlan } from "./parcel.ts";
import { secaggParameters } from "./secagg_plus_table.ts";
import { type LostAt, playRound } from "./secagg_plus_testing.ts";

const KEYS: ParcelPlan = { values: 5000, slotBits: 19, maxClients: 100, largest: 510 };
const PADS: ParcelPlan = { values: 40, slotBits: 25, maxClients: 1000, largest: 65534 >> 2 };
const identities = await Promise.all(Array.from({ length: 60 }, () => generateIdentity()));

Deno.test("secagg_plus: a masked sum opens to the plain sum, whoever goes away at whichever phase, under keys and under pads", async () => {
  const phases: readonly LostAt[] = ["advertise", "share", "input", "consistency", "unmask"];
  await fc.assert(
    fc.asyncProperty(
      // Of ten, a secret can do without two of its nine shares.
      fc.integer({ min: 10, max: 24 }),
      fc.array(fc.constantFrom(...phases), { maxLength: 2 }),
      fc.boolean(),
      async (clients, lost, isLong) => {
        const parcels = isLong ? KEYS : PADS;
        const round = await playRound({
          ...{ clients, parcels, identities },
          plan: { ...secaggParameters(100), min: 3 },
          lostAt: (client) => lost[client] ?? "never",
        });
        using _core = round.core;
        assert.deepEqual(await round.open(), round.want);
      },
    ),
    { numRuns: 12 },
  );
});

Deno.test("secagg_plus: sixty clients of 32 neighbours, six lost in five phases", async () => {
  const phases: readonly LostAt[] = [
    ...["advertise", "share", "input", "input", "consistency", "unmask"] as const,
  ];
  for (const parcels of [KEYS, PADS]) {
    const round = await playRound({
      ...{ clients: 60, parcels, identities },
      plan: { ...secaggParameters(60), min: 20 },
      lostAt: (client) => phases[client] ?? "never",
    });
    using _core = round.core;
    assert.equal(round.survivors.length, 56);
    assert.deepEqual(await round.open(), round.want);
  }
});

Deno.test("secagg_plus: with fewer shares of a secret than the threshold the sum stays closed", async () => {
  const round = await playRound({
    ...{ clients: 10, parcels: PADS, identities },
    plan: { ...secaggParameters(100), min: 3 },
    // Nine neighbours each, of whom seven must answer.
    lostAt: (client) => client < 3 ? "unmask" : "never",
  });
  using _core = round.core;
  assert.equal(round.server.canOpen, false);
  await assert.rejects(round.open(), (error) => isTributaryError(error, "shares-missing"));
});

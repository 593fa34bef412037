import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { stranger, testOperator } from "../_operator_testing.ts";
import { testPeer, type TestRoot, testRoot } from "../_testing.ts";
import { sharedMemory } from "../memory/shared_memory.ts";
import type { RoundStore } from "../store.ts";
import { admitByTicket } from "./admission.ts";

const code = (expected: string) => (error: unknown) =>
  isTributaryError(error) && error.code === expected;

/** Word of writes gets lost: what is not known has to be looked up. */
function deaf(store: RoundStore): RoundStore {
  return { ...store, shared: { ...store.shared!, watch: () => ({ [Symbol.dispose]() {} }) } };
}

Deno.test("access: of what one instance has issued, taken and revoked the others hear before they decide", async () => {
  const clock = manualClock();
  const memory = sharedMemory(clock);
  const identity = await generateIdentity();
  const instance = (): Promise<TestRoot> =>
    testRoot({ store: deaf(memory.open()), identity, clock, admit: admitByTicket });
  await using one = await instance();
  await using other = await instance();
  const { id } = one;
  const { region } = await testPeer(one, identity).task(id);
  const order = { region, kind: "client", count: 1, seconds: 3600 } as const;
  const { tickets: [token = ""] } = await testOperator(one).issue(id, order);
  const ann = await stranger(other);
  await ann.enrol(token);
  await assert.rejects((await stranger(one)).enrol(token), code("token-spent"));
  const member = ann.identity.id;
  await testOperator(one).revoke(id, { region, member, release: false });
  await assert.rejects(ann.enrol(token), code("member-revoked"));
  await testOperator(other).restore(id, { region, member });
  const annHere = testPeer(one, ann.identity);
  await annHere.enrol(id, { kind: "client", size: 1, region, token });
});

import assert from "node:assert/strict";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { partSigned, signPhase } from "../wire/phase.ts";
import {
  decodeInbox,
  decodeRoster,
  decodeSignatures,
  encodeHead,
  encodeInbox,
  encodeOutcome,
  encodeRoster,
  encodeSignatures,
  type Outcome,
} from "../wire/phase_down.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { takeOutcome, takeSignatures } from "./secagg_plus_answer.ts";
import { advertise, afterMasking, takeInbox, takeRoster } from "./secagg_plus_client.ts";
import type { AgreedClient, ClientRound, MaskedClient } from "./secagg_plus_states.ts";
import { createSecaggServer } from "./secagg_plus_server.ts";
import { secaggParameters } from "./secagg_plus_table.ts";
import { hash, module } from "./secagg_plus_testing.ts";

/** Everybody up to where outcomes are told; the root is whoever the test says. */
async function stage(clients = 10) {
  const core = createAggregateCore(module);
  const owner = await generateIdentity();
  const round = {
    ...{ task: "22".repeat(32), round: 7, sid: "33".repeat(32) },
    plan: { ...secaggParameters(100), min: 5 },
    ...{ core, hash, random: systemRandom },
  };
  const server = await createSecaggServer({ ...round, identity: owner, secret: systemRandom(32) });
  const all = await Promise.all(Array.from({ length: clients }, async () => {
    const identity = await generateIdentity();
    const client: ClientRound = { ...round, identity, owner };
    return { client, identity, step: await advertise(client) };
  }));
  for (const { identity, step } of all) {
    (await server.check("advertise", identity.id, step.message)).take();
  }
  await server.closeAdvertise();
  // In the order of their places.
  all.sort((a, b) => a.identity.id < b.identity.id ? -1 : 1);
  const shared = await Promise.all(all.map(async ({ client, identity, step }) => {
    const roster = server.answer("roster", identity.id)!;
    return {
      client,
      identity,
      roster,
      keys: step.state,
      step: await takeRoster(client, step.state, roster),
    };
  }));
  return {
    ...{ core, owner, round, server, shared },
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}

type Stage = Awaited<ReturnType<typeof stage>>;

/** All have shared, the first client has masked. */
async function masked(it: Stage): Promise<{ client: ClientRound; state: MaskedClient }> {
  const { server, shared } = it;
  for (const { identity, step } of shared) {
    (await server.check("share", identity.id, step.message)).take();
  }
  server.closeShare();
  const { client, identity, step } = shared[0]!;
  const ready = takeInbox(client, step.state, server.answer("inbox", identity.id)!);
  ready.takeSeeds();
  return { client, state: afterMasking(ready) };
}

async function signedOutcome(
  { round: { task, round, sid }, owner }: Stage,
  outcome: Outcome,
  by: Identity = owner,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = { task, round, sid, phase: "outcome", identity: by, hash } as const;
  return await signPhase(encodeOutcome(outcome), options);
}

const refuses = (code: ErrorCode) => (error: unknown) => isTributaryError(error, code);

const ALL = Array.from({ length: 10 }, (_, place) => place);

Deno.test("secagg_plus client: an outcome that breaks a rule is refused by that rule's name, and the state stays", async () => {
  using it = await stage();
  const { client, state } = await masked(it);
  const without = (...places: number[]) => ALL.filter((place) => !places.includes(place));
  const cases: [ErrorCode, Outcome][] = [
    ["sets-overlap", { survivors: ALL, dropped: [4] }],
    ["sender-dropped", { survivors: without(0), dropped: [0] }],
    ["place-unknown", { survivors: [...without(9), 10], dropped: [] }],
    ["phase-malformed", { survivors: [...ALL, 10], dropped: [] }],
    ["member-repeated", { survivors: [0, 1, 1, 2, 3, 4, 5, 6, 7, 8], dropped: [] }],
    ["member-repeated", { survivors: [1, 0, 2, 3, 4, 5, 6, 7, 8, 9], dropped: [] }],
    ["member-repeated", { survivors: without(2, 3), dropped: [2, 2, 3] }],
    // A neighbour that shared is in neither set.
    ["place-unknown", { survivors: without(3), dropped: [] }],
    // Six of nine neighbours, seven are the threshold.
    ["survivors-missing", { survivors: without(7, 8, 9), dropped: [7, 8, 9] }],
  ];
  for (const [code, outcome] of cases) {
    const bytes = await signedOutcome(it, outcome);
    await assert.rejects(takeOutcome(client, state, bytes), refuses(code), JSON.stringify(outcome));
  }
  const stranger = await signedOutcome(
    it,
    { survivors: ALL, dropped: [] },
    await generateIdentity(),
  );
  await assert.rejects(takeOutcome(client, state, stranger), refuses("signature-invalid"));
  const good = await signedOutcome(it, { survivors: ALL, dropped: [] });
  const trailing = new Uint8Array([...encodeOutcome({ survivors: ALL, dropped: [] }), 0]);
  const { task, round, sid } = it.round;
  const options = { task, round, sid, phase: "outcome", identity: it.owner, hash } as const;
  await assert.rejects(
    takeOutcome(client, state, await signPhase(trailing, options)),
    refuses("phase-malformed"),
  );
  // After all that it still takes the true one.
  assert.equal((await takeOutcome(client, state, good)).state.kind, "agreed");
});

Deno.test("secagg_plus client: fewer clients in the sum than the task's least are refused", async () => {
  using it = await stage();
  const { client, state } = await masked(it);
  const strict = { ...client, plan: { ...client.plan, min: 10 } };
  const bytes = await signedOutcome(it, { survivors: ALL.slice(0, 9), dropped: [9] });
  await assert.rejects(takeOutcome(strict, state, bytes), refuses("survivors-missing"));
});

Deno.test("secagg_plus client: the same outcome again gets the same answer, another one none", async () => {
  using it = await stage();
  const { client, state } = await masked(it);
  const first = await signedOutcome(it, { survivors: ALL, dropped: [] });
  const other = await signedOutcome(it, { survivors: ALL.slice(0, 9), dropped: [9] });
  const agreed = await takeOutcome(client, state, first);
  assert.deepEqual((await takeOutcome(client, agreed.state, first)).message, agreed.message);
  await assert.rejects(takeOutcome(client, agreed.state, other), refuses("sid-answered"));
});

Deno.test("secagg_plus client: shares are given only when a threshold of neighbours agrees to the very outcome", async () => {
  using it = await stage();
  const { client, state } = await masked(it);
  const { server, shared } = it;
  await server.seal(shared.map(({ identity }) => identity.id));
  const outcome = server.answer("outcome", client.identity.id)!;
  const agreed = await takeOutcome(client, state, outcome);
  const other = await signedOutcome(it, { survivors: ALL.slice(0, 9), dropped: [9] });
  const words: { place: number; same: Uint8Array; different: Uint8Array }[] = [];
  for (const [place, { client: peer, identity, step }] of shared.entries()) {
    const own = takeInbox(peer, step.state, server.answer("inbox", identity.id)!);
    const said = await takeOutcome(peer, afterMasking(own), outcome);
    (await server.check("consistency", identity.id, said.message)).take();
    const same = partSigned(said.message).signature;
    const lied = place === 9 ? said : await takeOutcome(peer, afterMasking(own), other);
    words.push({ place, same, different: partSigned(lied.message).signature });
  }
  const list = words.slice(1).map(({ place, same }) => ({ place, bytes: same }));
  const give = (signatures: typeof list) =>
    takeSignatures(client, agreed.state as AgreedClient, encodeSignatures(signatures));
  await assert.rejects(give(list.slice(0, 6)), refuses("consistency-missing"));
  await assert.rejects(
    give([...list.slice(0, 7), { place: 8, bytes: words[8]!.different }]),
    refuses("signature-invalid"),
  );
  await assert.rejects(give([list[0]!, ...list]), refuses("member-repeated"));
  await assert.rejects(
    give([{ place: 0, bytes: list[0]!.bytes }, ...list]),
    refuses("place-unknown"),
  );
  await assert.rejects(
    give([...list, { place: 10, bytes: list[0]!.bytes }]),
    refuses("place-unknown"),
  );
  const trailing = new Uint8Array([...encodeSignatures(list), 0]);
  await assert.rejects(
    takeSignatures(client, agreed.state as AgreedClient, trailing),
    refuses("phase-malformed"),
  );
  const done = await give(list.slice(0, 7));
  assert.equal(done.state.kind, "done");
  // Asked again, it gives the same bytes.
  const again = await takeSignatures(client, done.state, encodeSignatures(list));
  assert.deepEqual(again.message, done.message);
  await assert.rejects(takeOutcome(client, done.state, other), refuses("sid-answered"));
  server.closeConsistency();
  assert.equal(decodeSignatures(server.answer("signatures", client.identity.id)!, 10).length, 9);
});

Deno.test("secagg_plus client: a roster that its owner did not sign, or that shows other keys or neighbours than the graph's, is refused", async () => {
  using it = await stage(40);
  const { client, identity, roster, keys } = it.shared[0]!;
  const fresh = { ...keys, maskSecret: systemRandom(32) };
  const take = (bytes: Uint8Array) => takeRoster(client, fresh, bytes);
  const told = decodeRoster(roster);
  const head = roster.slice(0, told.payload.length + 64);
  const { place, proof, neighbours } = told;
  assert.equal(neighbours.length, 32);
  const encode = (change: Partial<typeof told>) =>
    encodeRoster(head, { place, proof, neighbours, ...change });
  assert.deepEqual(encode({}), roster);
  const swapped = neighbours.map((one, at) =>
    at === 3 ? { ...one, message: neighbours[4]!.message } : one
  );
  const spoiled = neighbours.map((one, at) =>
    at === 3 ? { ...one, message: one.message.map((byte, i) => i === 40 ? byte ^ 1 : byte) } : one
  );
  const elsewhere = it.shared[1]!;
  const cases: [ErrorCode, Uint8Array][] = [
    ["phase-malformed", roster.slice(0, -1)],
    ["phase-malformed", new Uint8Array([...roster, 0])],
    ["phase-malformed", Uint8Array.from(roster, (byte, at) => at === 0 ? 2 : byte)],
    ["signature-invalid", Uint8Array.from(roster, (byte, at) => at === 6 ? byte ^ 1 : byte)],
    ["roster-refused", encode({ neighbours: neighbours.slice(1) })],
    ["roster-refused", encode({ neighbours: swapped })],
    ["signature-invalid", encode({ neighbours: spoiled })],
    ["member-repeated", encode({ neighbours: [...neighbours].reverse() })],
    // Another client's own view of the same roster.
    ["roster-refused", elsewhere.roster],
  ];
  for (const [code, bytes] of cases) await assert.rejects(take(bytes), refuses(code));
  const small = encodeHead({ ...told.head, clients: 4 });
  const { task, round, sid } = it.round;
  const by = { task, round, sid, phase: "roster", identity: it.owner, hash } as const;
  const few = encodeRoster(await signPhase(small, by), {
    place: 0,
    proof: proof.slice(0, 2),
    neighbours: [],
  });
  await assert.rejects(take(few), refuses("survivors-missing"));
  // A region that plays root with a roster of its own.
  const region = { ...by, identity: await generateIdentity() };
  const fake = encodeRoster(await signPhase(told.payload, region), { place, proof, neighbours });
  await assert.rejects(take(fake), refuses("signature-invalid"));
  assert.equal((await take(roster)).state.kind, "shared");
  assert.equal(identity.id, client.identity.id);
});

Deno.test("secagg_plus client: boxes of strangers and too few boxes are refused, one that does not open is left aside", async () => {
  using it = await stage();
  const { server, shared } = it;
  for (const { identity, step } of shared) {
    (await server.check("share", identity.id, step.message)).take();
  }
  server.closeShare();
  const { client, identity, step } = shared[0]!;
  const inbox = server.answer("inbox", identity.id)!;
  const boxes = decodeInbox(inbox, 10);
  const take = (list: typeof boxes) => takeInbox(client, step.state, encodeInbox(list));
  const throws = (code: ErrorCode, list: typeof boxes) =>
    assert.throws(() => take(list), refuses(code));
  throws("survivors-missing", boxes.slice(0, 6));
  throws("member-repeated", [boxes[0]!, ...boxes]);
  throws("place-unknown", [{ place: 0, bytes: boxes[0]!.bytes }, ...boxes]);
  throws("place-unknown", [...boxes, { place: 10, bytes: boxes[0]!.bytes }]);
  assert.throws(
    () => takeInbox(client, step.state, inbox.slice(0, -1)),
    refuses("phase-malformed"),
  );
  const spoiled = boxes.map((box, at) =>
    at === 2 ? { ...box, bytes: box.bytes.map((byte, i) => i === 60 ? byte ^ 1 : byte) } : box
  );
  // Boxes of two neighbours, each under the other's name.
  const swapped = boxes.map((box, at) => at < 2 ? { ...box, bytes: boxes[1 - at]!.bytes } : box);
  const opened = (list: typeof boxes) =>
    [...take(list).received.values()].filter((pair) => pair !== undefined).length;
  assert.equal(opened(boxes), 9);
  assert.equal(opened(spoiled), 8);
  assert.equal(opened(swapped), 7);
  // Its mask is still shared with whoever sent it.
  assert.equal(take(spoiled).takeSeeds().length, 10);
});

Deno.test("secagg_plus client: a second parcel of a round is not masked", async () => {
  using it = await stage();
  const { server, shared } = it;
  for (const { identity, step } of shared) {
    (await server.check("share", identity.id, step.message)).take();
  }
  server.closeShare();
  const { client, identity, step } = shared[0]!;
  const ready = takeInbox(client, step.state, server.answer("inbox", identity.id)!);
  assert.equal(ready.takeSeeds().length, 10);
  assert.throws(() => ready.takeSeeds(), TypeError);
});

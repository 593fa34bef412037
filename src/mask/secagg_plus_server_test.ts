import assert from "node:assert/strict";
import { toHex } from "../core/bytes.ts";
import { type ErrorCode, isTributaryError } from "../core/errors.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { createAggregateCore } from "../wasm/aggregate.ts";
import { partSigned, signPhase, type UpPhase } from "../wire/phase.ts";
import {
  decodeShares,
  encodeAdvertisement,
  encodeConsistency,
  encodeSecretShares,
  encodeShares,
  encodeUnmask,
} from "../wire/phase_up.ts";
import { agreementKey } from "./agreement.ts";
import { boxKey, sealBox } from "./neighbour_box.ts";
import type { ParcelPlan } from "./parcel.ts";
import { advertise, takeRoster } from "./secagg_plus_client.ts";
import type { ClientRound } from "./secagg_plus_states.ts";
import { createSecaggServer } from "./secagg_plus_server.ts";
import { secaggParameters } from "./secagg_plus_table.ts";
import { hash, module, playRound, sidBytes } from "./secagg_plus_testing.ts";

const PADS: ParcelPlan = { values: 8, slotBits: 20, maxClients: 100, largest: 1000 };
const refuses = (code: ErrorCode) => (error: unknown) => isTributaryError(error, code);

async function fresh() {
  const core = createAggregateCore(module);
  const owner = await generateIdentity();
  const round = {
    ...{ task: "44".repeat(32), round: 1, sid: "55".repeat(32) },
    plan: { ...secaggParameters(100), min: 3 },
    ...{ core, hash, random: systemRandom },
  };
  const secret = systemRandom(32);
  const server = await createSecaggServer({ ...round, identity: owner, secret });
  const join = async () => {
    const identity = await generateIdentity();
    const client: ClientRound = { ...round, identity, owner };
    return { client, identity, step: await advertise(client) };
  };
  const say = async (phase: UpPhase, identity: Identity, payload: Uint8Array) => {
    const { task, sid } = round;
    return await signPhase(payload, { task, round: 1, sid, phase, identity, hash });
  };
  return {
    ...{ core, owner, round, server, join, say, secret },
    [Symbol.dispose]: () => core[Symbol.dispose](),
  };
}

Deno.test("secagg_plus server: keys that are malformed, another's, unsigned, of another round or of small order are refused, and nothing changes", async () => {
  using it = await fresh();
  const { server, say } = it;
  const { identity, step, client } = await it.join();
  const stranger = await generateIdentity();
  const { payload } = partSigned(step.message);
  const [boxKey, maskKey] = [step.state.box.publicKey, step.state.mask.publicKey];
  const { publicKey } = identity;
  const keys = (change: object) =>
    say("advertise", identity, encodeAdvertisement({ publicKey, boxKey, maskKey, ...change }));
  const otherRound = await advertise({ ...client, sid: "66".repeat(32) });
  const zero = new Uint8Array(32);
  const cases: [ErrorCode, Uint8Array][] = [
    ["phase-malformed", new Uint8Array(0)],
    ["phase-malformed", step.message.slice(0, 64)],
    ["phase-malformed", await say("advertise", identity, payload.slice(0, -1))],
    ["phase-malformed", await say("advertise", identity, new Uint8Array([...payload, 0]))],
    [
      "phase-malformed",
      await say("advertise", identity, Uint8Array.from(payload, (b, i) => i === 0 ? 9 : b)),
    ],
    ["signature-invalid", step.message.map((byte, at) => at === 70 ? byte ^ 1 : byte)],
    ["signature-invalid", otherRound.message],
    ["key-malformed", await keys({ publicKey: stranger.publicKey })],
    ["key-malformed", await keys({ boxKey: zero })],
    ["key-malformed", await keys({ maskKey: zero })],
  ];
  for (const [code, message] of cases) {
    await assert.rejects(server.check("advertise", identity.id, message), refuses(code));
  }
  assert.deepEqual(server.senders("advertise"), []);
  (await server.check("advertise", identity.id, step.message)).take();
  assert.equal((await server.check("advertise", identity.id, step.message)).isKnown, true);
  const second = await advertise(client);
  await assert.rejects(
    server.check("advertise", identity.id, second.message),
    refuses("phase-conflict"),
  );
  await assert.rejects(server.check("share", identity.id, step.message), refuses("phase-closed"));
  await assert.rejects(server.closeAdvertise(), refuses("survivors-missing"));
});

Deno.test("secagg_plus server: shares of strangers, of too few neighbours, cut off, or late are refused", async () => {
  using it = await fresh();
  const { server, say } = it;
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => it.join()));
  for (const { identity, step } of all) {
    (await server.check("advertise", identity.id, step.message)).take();
  }
  await server.closeAdvertise();
  const late = await it.join();
  await assert.rejects(
    server.check("advertise", late.identity.id, late.step.message),
    refuses("phase-closed"),
  );
  await assert.rejects(
    server.check("share", late.identity.id, late.step.message),
    refuses("not-asked"),
  );
  assert.throws(() => server.answer("roster", late.identity.id), refuses("not-asked"));
  const { client, identity, step } = all[0]!;
  const shared = await takeRoster(client, step.state, server.answer("roster", identity.id)!);
  const { payload } = partSigned(shared.message);
  const { commitment, boxes } = decodeShares(payload, 5);
  const shares = async (list: typeof boxes) =>
    await say("share", identity, encodeShares({ commitment, boxes: list }));
  const own = [0, 1, 2, 3, 4].find((place) => !boxes.some((box) => box.place === place))!;
  const cases: [ErrorCode, Uint8Array][] = [
    ["phase-malformed", await say("share", identity, payload.slice(0, -1))],
    ["phase-malformed", await say("share", identity, new Uint8Array([...payload, 1, 2, 3]))],
    ["place-unknown", await shares(boxes.slice(1))],
    ["place-unknown", await shares(boxes.map((box, at) => at === 3 ? { ...box, place: 5 } : box))],
    [
      "place-unknown",
      await shares(
        [...boxes.slice(1), { ...boxes[0]!, place: own }].sort((a, b) => a.place - b.place),
      ),
    ],
    ["member-repeated", await shares([boxes[0]!, ...boxes.slice(0, 3)])],
    ["signature-invalid", shared.message.map((byte, at) => at === 50 ? byte ^ 1 : byte)],
  ];
  for (const [code, message] of cases) {
    await assert.rejects(server.check("share", identity.id, message), refuses(code));
  }
  assert.equal(server.missing, 5);
  (await server.check("share", identity.id, shared.message)).take();
  assert.equal(server.missing, 4);
  assert.throws(() => server.closeShare(), refuses("survivors-missing"));
});

Deno.test("secagg_plus server: a sum with the parcel of one that did not share, or of too few, is not opened", async () => {
  const round = await playRound({
    ...{ clients: 8, parcels: PADS, plan: { ...secaggParameters(100), min: 3 } },
    lostAt: (client) => client === 0 ? "share" : "never",
  });
  using _core = round.core;
  assert.equal(round.server.mayMask(round.clients[0]!.member), false);
  assert.equal(round.server.mayMask(round.clients[1]!.member), true);
  assert.deepEqual(await round.open(), round.want);
});

Deno.test("secagg_plus server: words on another outcome, shares of strangers, out of the field or in a box of another's are refused", async () => {
  const round = await playRound({
    ...{ clients: 8, parcels: PADS, plan: { ...secaggParameters(100), min: 3 } },
    lostAt: (client) => client === 0 ? "unmask" : "never",
  });
  using _core = round.core;
  const { server, clients } = round;
  const first = clients[0]!;
  const { task, sid } = first.round;
  const say = async (phase: UpPhase, payload: Uint8Array) =>
    await signPhase(payload, {
      ...{ task, round: first.round.round, sid, phase, hash },
      identity: first.round.identity,
    });
  const box = first.state.kind === "done" ? first.state.box : undefined;
  const rootKey = first.state.kind === "done" ? first.state.head.boxKey : new Uint8Array();
  const key = await boxKey(box!, rootKey);
  const share = (word: number) => {
    const bytes = new Uint8Array(36);
    new DataView(bytes.buffer).setUint32(8, word, true);
    return bytes;
  };
  const sealed = async (list: { place: number; bytes: Uint8Array }[]) =>
    await say("unmask", encodeUnmask(sealBox(key, encodeSecretShares(list), systemRandom)));
  const own = first.state.kind === "done" ? first.state.place : -1;
  const other = own === 1 ? 2 : 1;
  const strange = await boxKey(await agreementKey(systemRandom(32)), rootKey);
  const cases: [ErrorCode, Uint8Array][] = [
    ["phase-malformed", await say("unmask", encodeUnmask(new Uint8Array(39)))],
    ["phase-malformed", await say("unmask", encodeUnmask(new Uint8Array(2000)))],
    ["box-refused", await say("unmask", encodeUnmask(sealBox(strange, share(1), systemRandom)))],
    ["phase-malformed", await say("unmask", encodeUnmask(sealBox(key, share(1), systemRandom)))],
    ["share-malformed", await sealed([{ place: other, bytes: share(1073692673) }])],
    ["place-unknown", await sealed([{ place: own, bytes: share(1) }])],
    ["place-unknown", await sealed([{ place: 8, bytes: share(1) }])],
    [
      "member-repeated",
      await sealed([{ place: other, bytes: share(1) }, { place: other, bytes: share(1) }]),
    ],
  ];
  for (const [code, message] of cases) {
    await assert.rejects(server.check("unmask", first.member, message), refuses(code), code);
  }
  await assert.rejects(
    server.check(
      "consistency",
      clients[1]!.member,
      await say("consistency", encodeConsistency(new Uint8Array(32))),
    ),
    refuses("phase-conflict"),
  );
  assert.deepEqual(await round.open(), round.want);
});

Deno.test("secagg_plus server: one neighbour's wrong shares are found out and others taken; too many wrong ones close the sum", async () => {
  for (const [liars, opens] of [[1, true], [4, false]] as const) {
    const round = await playRound({
      ...{ clients: 10, parcels: PADS, plan: { ...secaggParameters(100), min: 3 } },
      lostAt: (client) => client < liars ? "unmask" : client === 9 ? "input" : "never",
    });
    using _core = round.core;
    for (const { round: client, member, state } of round.clients.slice(0, liars)) {
      if (state.kind !== "done") throw new Error("not done");
      // As if it had been dealt others.
      const key = await boxKey(state.box, state.head.boxKey);
      const places = [...state.received.keys()].sort((a, b) => a - b);
      const wrong = places.map((place) => ({ place, bytes: new Uint8Array(36).fill(7) }));
      const payload = encodeUnmask(sealBox(key, encodeSecretShares(wrong), systemRandom));
      const { task, round: number, sid, identity } = client;
      const options = { task, round: number, sid, phase: "unmask", identity, hash } as const;
      (await round.server.check("unmask", member, await signPhase(payload, options))).take();
    }
    if (opens) assert.deepEqual(await round.open(), round.want);
    else await assert.rejects(round.open(), refuses("shares-inconsistent"));
  }
});

Deno.test("secagg_plus server: a parcel that is not what was masked is found out, by its noise or by its values", async () => {
  const long: ParcelPlan = { values: 5000, slotBits: 19, maxClients: 100, largest: 510 };
  for (
    const [parcels, code] of [[PADS, "shares-inconsistent"], [long, "noise-excessive"]] as const
  ) {
    const round = await playRound({
      clients: 6,
      parcels,
      plan: { ...secaggParameters(100), min: 3 },
    });
    using _core = round.core;
    const seeds = await round.server.seeds();
    const sum = round.sum.slice();
    sum.set(sum.slice(0, 16), 16);
    const work = { sum, seeds, sid: sidBytes(round.sid), clients: 6 };
    await assert.rejects(async () => await round.masks.open(round.core, work), refuses(code));
    assert.equal(toHex(round.sum) === toHex(sum), false);
  }
});

import assert from "node:assert/strict";
import { type Bytes, concat, le32, random } from "../second_client/bytes.ts";
import { type Spoil, takePart } from "../second_client/client.ts";
import { newIdentity } from "../second_client/http.ts";
import { mask } from "../second_client/kahe1.ts";
import { joinHonest, type MaskedTree, startMaskedTree, VALUES } from "./live.ts";

const FIRST_PRIME = 1073692673;

/** A client that speaks the protocol, and does with what it sends as it likes, in a round above `after`. */
async function badClient(
  { tree, clock }: MaskedTree,
  spoil: Spoil & { readonly after?: number },
): Promise<void> {
  const line = { url: tree.root.url, fetch: tree.fetch, nowMs: () => clock.now() };
  const train = () => ({ w: Array(VALUES).fill(0), "clients/weight": [1] });
  await takePart(line, train, spoil);
}

/**
 * Two rounds: the first with as many clients as it takes, who enrolled in time, the second with all of
 * them and one that spoils what it sends.
 */
async function secondRound(
  masked: MaskedTree,
  { honest: count, spoil }: { readonly honest: number; readonly spoil: Spoil },
) {
  const honest = await joinHonest(masked, count);
  const bad = badClient(masked, { ...spoil, after: 1 });
  bad.catch(() => {});
  await masked.tree.until(() => masked.tree.root.life.status().members === count + 1);
  honest.start();
  return { honest, bad };
}

/** Uniform residues of the three primes, all of them below the smallest. */
function noise(bytes: number): Bytes {
  return le32(...new Uint32Array(random(bytes).buffer).map((word) => word % 1073651713));
}

/** What cannot be seen before a group is opened, and how it is named then. */
const SPOILT: readonly { what: string; spoil: Spoil; outcome: string }[] = [
  {
    what: "shares of another key than the parcel's",
    spoil: {
      masked: async ({ parcel }) => {
        const other = { sid: random(32), slotBits: 19, helpers: 5, threshold: 4 };
        return { parcel, shares: (await mask([1], other)).shares };
      },
    },
    outcome: "noise-excessive",
  },
  {
    what: "a parcel of noise",
    spoil: { masked: ({ parcel, shares }) => ({ parcel: noise(parcel.length), shares }) },
    outcome: "noise-excessive",
  },
  {
    what: "envelopes that hold noise",
    spoil: {
      envelopes: (all) => all.map((it) => concat(it.slice(0, 34), random(it.length - 34))),
    },
    outcome: "envelope-refused",
  },
  {
    what: "an envelope's share that is no residue",
    spoil: {
      masked: ({ parcel, shares }) => ({
        parcel,
        shares: shares.map((it) => it.length === 32 ? it : it.map(() => 255)),
      }),
    },
    // Helpers 4 and 5 refuse, and three are too few.
    outcome: "residue-out-of-range",
  },
];

Deno.test("garbage client: shares of another key, a parcel or envelopes of noise cost its group, which the log names with the check that failed, and no other", async () => {
  for (const { what, spoil, outcome } of SPOILT) {
    await using masked = await startMaskedTree({ clients: 4, groups: 2, models: 2 });
    const { honest, bad } = await secondRound(masked, { honest: 8, spoil });
    await Promise.all([bad, masked.closed(2)]);
    await honest.ended();
    const [, event, ...more] = await masked.rounds();
    assert.deepEqual(more, [], what);
    assert.ok(event?.kind === "published", `${what}: ${JSON.stringify(event)}`);
    const outcomes = event.groups!.map((group) => group.outcome).sort();
    assert.deepEqual(outcomes, [outcome, "opened"].sort(), what);
    const lost = event.groups!.find((group) => group.outcome === outcome)!;
    const opened = event.groups!.find((group) => group.outcome === "opened")!;
    assert.equal(lost.clients + opened.clients, 9);
    assert.equal(event.clients, opened.clients);
    assert.ok(opened.clients >= 4);
  }
});

Deno.test("garbage client: one envelope that does not open costs nothing, as four helpers are enough", async () => {
  await using masked = await startMaskedTree({ clients: 4 });
  const honest = await joinHonest(masked, 3);
  honest.start();
  await badClient(masked, {
    envelopes: (all) => all.map((it, i) => i === 4 ? it.map((byte, at) => at > 66 ? 0 : byte) : it),
  });
  await masked.closed(1);
  await honest.ended();
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "published");
  assert.equal(event.clients, 4);
});

/** What an aggregator sees at once: nothing of it is in the round. */
const REFUSED: readonly { what: string; spoil: Spoil; code: string }[] = [
  {
    what: "a residue that is not below its prime",
    spoil: {
      masked: ({ parcel, shares }) => ({
        parcel: concat(le32(FIRST_PRIME), parcel.slice(4)),
        shares,
      }),
    },
    code: "residue-out-of-range",
  },
  {
    what: "a parcel that is too short",
    spoil: { masked: ({ parcel, shares }) => ({ parcel: parcel.slice(0, -4), shares }) },
    code: "length-mismatch",
  },
  {
    what: "no evidence to speak of",
    spoil: { evidence: (it) => it.slice(0, 129) },
    code: "length-mismatch",
  },
  {
    what: "one byte of evidence too many",
    spoil: { evidence: (it) => concat(it, Uint8Array.of(0)) },
    code: "body-too-long",
  },
  {
    what: "an envelope that it did not sign",
    spoil: { evidence: (it) => it.map((byte, i) => i === it.length - 1 ? byte ^ 1 : byte) },
    code: "evidence-refused",
  },
  {
    what: "another's public key",
    spoil: { evidence: (it) => it.map((byte, i) => i === 1 ? byte ^ 1 : byte) },
    code: "evidence-refused",
  },
  {
    what: "evidence of no known kind",
    spoil: { evidence: (it) => it.map((byte, i) => i === 0 ? 7 : byte) },
    code: "evidence-malformed",
  },
  {
    what: "evidence of another parcel",
    spoil: { evidence: (it) => it.map((byte, i) => i === 40 ? byte ^ 1 : byte) },
    code: "evidence-refused",
  },
];

Deno.test("garbage client: what can be seen is refused at once, each with its code, and the round goes on without it", async () => {
  for (const { what, spoil, code } of REFUSED) {
    await using masked = await startMaskedTree({ clients: 3, models: 2 });
    const { honest, bad } = await secondRound(masked, { honest: 3, spoil });
    await masked.closed(1);
    await assert.rejects(bad, (error) => {
      assert.match(`${error}`, new RegExp(` ${code}: `), what);
      return true;
    });
    const { life } = masked.tree.root;
    await masked.tree.until(() => life.status().round === 2 && life.status().updates === 3);
    masked.clock.advance(60_000);
    await masked.closed(2);
    await honest.ended();
    const [, event] = await masked.rounds();
    assert.ok(event?.kind === "published", what);
    assert.equal(event.clients, 3, what);
  }
});

Deno.test("garbage client: values far out of range are not seen under a mask, and move the sum: masking does not forbid this", async () => {
  const limit = 2047;
  for (const [value, most] of [[limit, 0], [60_000, 1000]] as const) {
    await using masked = await startMaskedTree({ clients: 4 });
    const honest = await joinHonest(masked, 3, { change: 0 });
    honest.start();
    // An honest client has 0 to 2·limit at each place; the last one is its weight.
    const values = [...Array(VALUES).fill(value), 2 * limit];
    await badClient(masked, {
      masked: (_, sid) => mask(values, { sid, slotBits: 19, helpers: 5, threshold: 4 }),
    });
    await masked.closed(1);
    await honest.ended();
    const moved = (value - limit) / limit / 4;
    assert.ok((await masked.model()).every((it) => Math.abs(it - moved) < 1e-5));
    assert.ok(moved <= most && (most === 0 || moved > 7), `${moved}`);
  }
});

Deno.test("garbage client: one that sends at two regions is in neither's way, and costs its group, which the log names", async () => {
  await using masked = await startMaskedTree({ clients: 6, shape: [2] });
  const { tree, clock } = masked;
  const honest = await joinHonest(masked, 4, { at: tree.leaves });
  const me = await newIdentity();
  const train = () => ({ w: Array(VALUES).fill(0), "clients/weight": [1] });
  const sent = tree.leaves.map(({ url }) =>
    takePart({ url, fetch: tree.fetch, nowMs: () => clock.now() }, train, { as: me })
  );
  honest.start();
  await Promise.all([...sent, masked.closed(1)]);
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "abandoned", JSON.stringify(event));
  assert.deepEqual(event.groups?.map(({ outcome }) => outcome), ["member-repeated"]);
  await honest.stop();
});

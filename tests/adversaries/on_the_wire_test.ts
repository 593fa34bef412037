import assert from "node:assert/strict";
import { toBase64, toHex } from "../../src/core/bytes.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { envelopeBytes } from "../../src/mask/envelope.ts";
import { KAHE_RINGS } from "../../src/wasm/kahe.ts";
import { takePart } from "../second_client/client.ts";
import { joinHonest, startMaskedTree } from "./live.ts";
import { wordsOf } from "./masking.ts";
import { assertSame, assertUniform, countCells, unseenBias } from "./uniformity.ts";

/** A request as whoever it is for gets it. */
interface Heard {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly body: Uint8Array;
}

/** Keeps what everybody is sent. */
function listening(): { heard: Heard[]; through: (fetch: Fetch) => Fetch } {
  const heard: Heard[] = [];
  return {
    heard,
    through: (fetch) => async (request) => {
      const { host, pathname: path } = new URL(request.url);
      const body = new Uint8Array(await request.clone().arrayBuffer());
      heard.push({ host, path, method: request.method, body });
      return await fetch(request);
    },
  };
}

function sha256Field(bytes: Uint8Array): string {
  return `sha-256=:${toBase64(bytes.subarray(0, 32))}:`;
}

const CLIENTS = 12;
const VALUES = 16_000;
const HEAD = 1 + 32 + 32 + 64;
/** Two helpers get words, three a seed; see committee. */
const ENVELOPES = [1, 2, 3, 4, 5].map((j) => envelopeBytes(j < 4 ? 32 : 4 * 4096));

/** One round of clients that change every value by so much, and what everybody was sent in it. */
async function listenTo(change: number) {
  const { heard, through } = listening();
  await using masked = await startMaskedTree({
    ...{ clients: CLIENTS, shape: [3], through, values: VALUES },
  });
  const at = masked.tree.leaves;
  const honest = await joinHonest(masked, CLIENTS, { at, change });
  honest.start();
  await masked.closed(1);
  await honest.ended();
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "published");
  const uploads = heard.filter(({ path }) => path.includes("/updates/"));
  const [root = ""] = [new URL(masked.tree.root.url).host];
  return {
    heard,
    /** What regions got of their clients. */
    ofClients: uploads.filter(({ host }) => host !== root).map(({ body }) => body),
    /** What the root got of its regions. */
    ofRegions: uploads.filter(({ host }) => host === root).map(({ body }) => body),
    asks: heard.filter(({ path }) => path.endsWith("/answers")),
    root,
  };
}

const PARCEL = 3 * 4 * 4096;

function residues(parcels: readonly Uint8Array[]): Float64Array {
  const counts = new Float64Array(256);
  const { degree, primes } = KAHE_RINGS.P2;
  for (const parcel of parcels) {
    primes.forEach((p, at) => {
      const row = wordsOf(parcel.subarray(0, PARCEL)).subarray(at * degree, (at + 1) * degree);
      countCells(row, { modulus: p, cells: 256 }).forEach((n, i) => counts[i]! += n);
    });
  }
  return counts;
}

Deno.test("on the wire: what regions and the root are sent in a live round looks uniform and the same for two inputs", async () => {
  const [still, moved] = [await listenTo(0), await listenTo(0.9)];
  for (const { ofClients, ofRegions } of [still, moved]) {
    assert.equal(ofClients.length, CLIENTS);
    assert.equal(ofRegions.length, 3);
    assertUniform(residues(ofClients), "parcels of clients");
    assertUniform(residues(ofRegions), "sums of regions");
  }
  assertSame(residues(still.ofClients), residues(moved.ofClients), "parcels of clients");
  assertSame(residues(still.ofRegions), residues(moved.ofRegions), "sums of regions");
  assert.ok(unseenBias(residues(still.ofClients)) < 0.06);
});

Deno.test("on the wire: the root is sent no parcel of a region's client, and each helper its own envelopes alone", async () => {
  const { heard, ofClients, asks, root } = await listenTo(0.5);
  // A stretch of each parcel and of each envelope, which nobody else sends by chance.
  const stretches = ofClients.map((body) => {
    let at = PARCEL + HEAD;
    return {
      parcel: toHex(body.subarray(400, 464)),
      envelopes: ENVELOPES.map((length) => toHex(body.subarray(at + 40, (at += length) - 10))),
    };
  });
  const toRoot = heard.filter(({ host }) => host === root).map(({ body }) => toHex(body));
  // A helper that does not know the task yet is asked again.
  assert.deepEqual(new Set(asks.map(({ host }) => host)).size, 5);
  const asked = asks.map(({ host, body }) => ({ host, text: toHex(body) }));
  for (const { parcel, envelopes } of stretches) {
    assert.ok(!toRoot.some((text) => text.includes(parcel)));
    // The root passes envelopes on: it holds them all, sealed.
    assert.ok(envelopes.every((it) => toRoot.some((text) => text.includes(it))));
    for (const { host, text } of asked) {
      assert.ok(!text.includes(parcel));
      const own = envelopes.map((it) => text.includes(it));
      assert.deepEqual(own, [1, 2, 3, 4, 5].map((j) => host === `helper-${j}.test`), host);
    }
  }
});

Deno.test("on the wire: an update that is sent again, under another's name, late or with another header is refused", async () => {
  const recorded: Request[] = [];
  await using masked = await startMaskedTree({
    clients: 3,
    through: (fetch) => async (request) => {
      if (request.url.includes("/updates/")) recorded.push(request.clone());
      return await fetch(request);
    },
  });
  const { fetch, root } = masked.tree;
  const honest = await joinHonest(masked, 3);
  honest.start();
  await masked.tree.until(() => root.life.status().round === 1 && recorded.length > 0);
  const [first] = recorded as [Request];
  const body = new Uint8Array(await first.clone().arrayBuffer());
  const send = async (
    change: { url?: string; headers?: [string, string][]; body?: Uint8Array },
  ) => {
    const headers = new Headers(first.headers);
    for (const [name, value] of change.headers ?? []) headers.set(name, value);
    const sent = Uint8Array.from(change.body ?? body);
    const answer = await fetch(
      new Request(change.url ?? first.url, { method: "PUT", headers, body: sent }),
    );
    const { code } = answer.ok ? { code: "taken" } : await answer.json();
    return code;
  };
  await masked.closed(1);
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "published");
  assert.equal(event.clients, 3);

  assert.equal(await send({}), "request-replayed");
  const other = recorded.find(({ url }) => url !== first.url)!;
  assert.equal(await send({ url: other.url }), "signature-invalid");
  const headers = (change: [string, string]) => send({ headers: [change] });
  assert.equal(await headers(["tributary-clients", "2"]), "signature-invalid");
  assert.equal(await headers(["tributary-sid", "00".repeat(32)]), "signature-invalid");
  assert.equal(
    await headers(["tributary-evidence-digest", sha256Field(body)]),
    "signature-invalid",
  );
  assert.equal(await headers(["tributary-region", first.url.slice(-43)]), "region-changed");
  masked.clock.advance(3_600_000);
  assert.equal(await send({}), "signature-expired");
  await honest.ended();
});

/** What somebody between a client and its region does to an update's body. */
const CHANGES: readonly { what: string; change: (body: Uint8Array) => Uint8Array; code: string }[] =
  [
    {
      what: "one bit of the parcel",
      change: (body) => body.map((byte, i) => i === 9 ? byte ^ 1 : byte),
      code: "digest-mismatch",
    },
    {
      what: "one bit of an envelope",
      change: (body) => body.map((byte, i) => i === body.length - 9 ? byte ^ 1 : byte),
      code: "digest-mismatch",
    },
    { what: "its end missing", change: (body) => body.slice(0, -1), code: "body-too-short" },
    { what: "its beginning missing", change: (body) => body.slice(1), code: "digest-mismatch" },
    {
      what: "more after its end",
      change: (body) => Uint8Array.from([...body, 0]),
      code: "body-too-long",
    },
  ];

Deno.test("on the wire: an update that is changed, cut or lengthened on its way is refused whole, and the round goes on without it", async () => {
  for (const { what, change, code } of CHANGES) {
    await using masked = await startMaskedTree({ clients: 3, models: 2 });
    const { tree, clock } = masked;
    const honest = await joinHonest(masked, 3);
    const between: Fetch = async (request) => {
      if (!request.url.includes("/updates/")) return await tree.fetch(request);
      const body = Uint8Array.from(change(new Uint8Array(await request.arrayBuffer())));
      const { headers, url } = request;
      return await tree.fetch(new Request(url, { method: "PUT", headers, body }));
    };
    const line = { url: tree.root.url, fetch: between, nowMs: () => clock.now() };
    const train = () => ({ w: [0, 0, 0, 0, 0, 0], "clients/weight": [1] });
    const sent = takePart(line, train, { after: 1 });
    sent.catch(() => {});
    const { life } = tree.root;
    await tree.until(() => life.status().members === 4);
    honest.start();
    await masked.closed(1);
    await assert.rejects(sent, (error) => {
      assert.match(`${error}`, new RegExp(` ${code}: `), what);
      return true;
    });
    await tree.until(() => life.status().round === 2 && life.status().updates === 3);
    clock.advance(60_000);
    await masked.closed(2);
    await honest.ended();
    const [, event] = await masked.rounds();
    assert.ok(event?.kind === "published", what);
    assert.equal(event.clients, 3, what);
  }
});

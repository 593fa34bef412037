/**
 * A client of kahe1 tasks from docs/PROTOCOL.md: it joins, waits for a round, and sends one masked
 * update. It shares no code with the library.
 *
 * @module
 */
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import {
  ascii,
  base64,
  base64url,
  type Bytes,
  canonical,
  concat,
  hex,
  le32,
  random,
  sha256,
  unbase64url,
  unhex,
} from "./bytes.ts";
import { call, callJson, isSigned, type Line, newIdentity, type Someone, toSign } from "./http.ts";
import { mask, type Masked, profileOf } from "./kahe1.ts";

/** What a participant knows of a task. */
// deno-lint-ignore no-explicit-any -- a document from outside, read by its fields
type Document = any;

const SLICE_BYTES: Readonly<Record<number, number>> = { 2048: 1_048_576, 4096: 1_032_192 };

/** What a client did. */
export interface Sent {
  readonly id: string;
  readonly round: number;
  /** What it encoded, value by value, from 0 to 2L. */
  readonly values: readonly number[];
  /** The region's receipt. */
  readonly receipt: Document;
}

/** What a client with something else in mind does to what it is about to send. */
export interface Spoil {
  /** Before anything is sealed or signed. */
  readonly masked?: (masked: Masked, group: Bytes) => Masked | Promise<Masked>;
  /** After sealing, before anything is signed. */
  readonly envelopes?: (envelopes: readonly Bytes[]) => readonly Bytes[];
  /** After signing, before the request is. */
  readonly evidence?: (evidence: Bytes) => Bytes;
}

/** Joins the only task there, and takes part in its next round above `after`. */
export async function takePart(
  line: Line,
  train: (model: Readonly<Record<string, Float32Array>>) => Record<string, number[]>,
  { after = 0, as: given, ...spoil }: Spoil & {
    readonly after?: number;
    readonly as?: Someone;
  } = {},
): Promise<Sent> {
  const me = given ?? await newIdentity();
  const { tasks } = await (await call(line, { path: "/v1/tasks" })).json();
  const task: string = tasks[0].task;
  const at = `/v1/tasks/${task}`;
  const offer: Document = await (await call(line, { path: at })).json();
  const document = offer.task;
  const region: string = offer.region.id;
  const as = { me, region };
  must(hex(await sha256(ascii(canonical(document)))) === task, "the task has its name");
  const owner = unbase64url(offer.owner);
  const word = unbase64url(offer.signature);
  must(await isSigned(toSign("task", document), word, owner), "its owner signed it");
  must(document.mask.kind === "kahe1", "it is masked");

  const enrolment = { kind: "client", publicKey: base64url(me.publicKey), size: 1 };
  const enrol = { method: "PUT", path: `${at}/members/${me.id}`, as };
  const membership: Document = await (await callJson(line, enrol, enrolment)).json();
  must(membership.member === me.id && membership.region.id === region, "it is a member there");

  const path = `${at}/round?after=${after}&wait=60&member=${me.id}`;
  const info: Document = await (await call(line, { path, as })).json();
  must(info.share.clients === 1, "it is asked");
  const { clients, mask: masking, update, privacy } = document;
  const plan = await sha256(
    ascii(canonical({ clients, mask: masking, update, ...(privacy && { privacy }) })),
  );
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(info.round));
  const sid = await sha256(concat(
    ...[ascii("tributary/1"), unhex(task), number, unhex(info.model.digest), plan],
    ...[unhex(info.roster), unhex(info.beacon)],
  ));
  must(hex(sid) === info.sid, "the sid binds what it should");
  const group = await sha256(concat(ascii("tributary/group/1"), sid, le32(info.group)));

  const model = new Uint8Array(
    await (await call(line, { path: `${at}/models/${info.model.version}` })).arrayBuffer(),
  );
  must(hex(await sha256(model)) === info.model.digest, "the model is the one announced");
  const values = encode(train(readSafetensors(model)), document);

  const { helpers, threshold } = masking;
  const honest = await mask(values, {
    sid: group,
    slotBits: update.slotBits,
    helpers: helpers.length,
    threshold,
  });
  const masked = await spoil.masked?.(honest, group) ?? honest;
  const { degree } = profileOf(update.slotBits);
  const slices = await Promise.all(cut(masked.parcel, SLICE_BYTES[degree]!).map(sha256));
  const digest = await sha256(concat(...slices));
  const sealed = await Promise.all(
    masked.shares.map((share, i) =>
      seal(share, unbase64url(helpers[i].key), {
        head: concat(Uint8Array.of(1, i + 1), group),
        info: group,
        aad: concat(unbase64url(me.id), Uint8Array.of(i + 1), digest),
      })
    ),
  );

  const envelopes = spoil.envelopes?.(sealed) ?? sealed;

  const digests = await Promise.all(envelopes.map(sha256));
  const statement = {
    ...{ task, round: info.round, sid: hex(group), member: me.id, digest: hex(digest) },
    envelopes: hex(await sha256(concat(...digests))),
  };
  const signature = await me.sign(toSign("submission", statement));
  const said = concat(Uint8Array.of(1), me.publicKey, digest, signature, ...envelopes);
  const evidence = spoil.evidence?.(said) ?? said;
  const proof = await sha256(concat(...await Promise.all(cut(evidence, 1_048_576).map(sha256))));

  const body = concat(masked.parcel, evidence);
  const answer = await call(line, {
    ...{ method: "PUT", path: `${at}/rounds/${info.round}/updates/${me.id}`, as, body },
    headers: {
      "tributary-digest": `sha-256=:${base64(digest)}:`,
      "tributary-slices": `:${base64(concat(...slices))}:`,
      "tributary-sid": info.sid,
      "tributary-clients": "1",
      "tributary-evidence": String(evidence.length),
      "tributary-evidence-digest": `sha-256=:${base64(proof)}:`,
    },
  });
  must(answer.status === 201, "it is new");
  const { signature: seal_, ...receipt } = await answer.json();
  const key = unbase64url(offer.region.publicKey);
  must(
    await isSigned(toSign("receipt", receipt), unbase64url(seal_), key),
    "the region signed the receipt",
  );
  must(receipt.digest === hex(digest) && receipt.member === me.id, "it is of this parcel");
  return { id: me.id, round: info.round, values, receipt };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected that ${what}`);
}

function cut(bytes: Bytes, length: number): Bytes[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, i) => bytes.slice(i * length, (i + 1) * length));
}

/** Values in the order of the task's tensors, on the grid of as many bits as the clients leave. */
function encode(tensors: Record<string, number[]>, { update, clients }: Document): number[] {
  const bits = Math.min(25, update.slotBits - Math.ceil(Math.log2(clients.max)));
  const L = 2 ** (bits - 1) - 1;
  return update.tensors.flatMap(({ name, range }: { name: string; range: number }) =>
    tensors[name]!.map((x) => {
      const y = Math.max(-L, Math.min(L, x / range * L));
      const [chance = 0] = new Uint32Array(random(4).buffer);
      return Math.floor(y) + Number(chance / 2 ** 32 < y - Math.floor(y)) + L;
    })
  );
}

function readSafetensors(file: Bytes): Record<string, Float32Array> {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  return Object.fromEntries(
    Object.entries(head).filter(([name]) => name !== "__metadata__").map(([name, entry]) => {
      const [from, to] = (entry as { data_offsets: [number, number] }).data_offsets;
      return [name, new Float32Array(file.slice(8 + length + from, 8 + length + to).buffer)];
    }),
  );
}

async function seal(
  share: Bytes,
  key: Bytes,
  { head, info, aad }: { head: Bytes; info: Bytes; aad: Bytes },
): Promise<Bytes> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  });
  const recipientPublicKey = await suite.kem.deserializePublicKey(key);
  const sender = await suite.createSenderContext({ recipientPublicKey, info });
  const ct = new Uint8Array(await sender.seal(share, aad));
  return concat(head, new Uint8Array(sender.enc), ct);
}

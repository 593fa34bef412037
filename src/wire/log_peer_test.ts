import assert from "node:assert/strict";
import { toBase64Url } from "../core/bytes.ts";
import { generateIdentity } from "../core/identity.ts";
import { chainOf, SAMPLE_ID, START } from "./_log_testing.ts";
import { countingRandom, hex32, manualClock } from "./_testing.ts";
import { signLogHead } from "./log_head.ts";
import { createLogPeer } from "./log_peer.ts";

const identity = await generateIdentity();
const keeper = toBase64Url(identity.publicKey);
const HEAD = await signLogHead({ task: SAMPLE_ID, size: 3, root: hex32(1), atMs: 7 }, identity);

/** A peer whose keeper gives these answers, in order. */
function peerOf(...answers: unknown[]) {
  const asked: string[] = [];
  const peer = createLogPeer({
    url: "http://root.test",
    identity,
    clock: manualClock(),
    random: countingRandom(),
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
    fetch(request) {
      asked.push(request.url.replace(`http://root.test/v1/tasks/${SAMPLE_ID}`, ""));
      return Promise.resolve(Response.json(answers.shift()));
    },
  });
  return { peer, asked };
}

Deno.test("log peer: a head is the keeper's word, or none", async () => {
  const { peer, asked } = peerOf(HEAD, HEAD, { ...HEAD, signature: "A".repeat(86) }, {});
  assert.deepEqual(await peer.head(SAMPLE_ID, { keeper }), HEAD);
  const other = toBase64Url((await generateIdentity()).publicKey);
  await assert.rejects(peer.head(SAMPLE_ID, { keeper: other }), { code: "log-invalid" });
  await assert.rejects(peer.head(SAMPLE_ID, { keeper }), { code: "log-invalid" });
  await assert.rejects(peer.head(SAMPLE_ID, { keeper }), { code: "peer-invalid" });
  assert.deepEqual(asked, Array(4).fill("/log/head"));
});

Deno.test("log peer: proofs are of what was asked, and no longer than any can be", async () => {
  const inclusion = { seq: 1, size: 3, proof: [hex32(1), hex32(2)] };
  const consistency = { from: 1, to: 3, proof: [hex32(1)] };
  const { peer, asked } = peerOf(
    ...[inclusion, { ...inclusion, seq: 2 }, { ...inclusion, size: 4 }],
    ...[{ ...inclusion, proof: Array(55).fill(hex32(1)) }, { ...inclusion, proof: ["x"] }],
    ...[consistency, { ...consistency, from: 0 }, { ...consistency, to: 4 }],
  );
  const include = () => peer.inclusion(SAMPLE_ID, { seq: 1, size: 3 });
  assert.deepEqual(await include(), inclusion);
  for (let answer = 0; answer < 4; answer++) {
    await assert.rejects(include(), { code: "peer-invalid" });
  }
  const connect = () => peer.consistency(SAMPLE_ID, { from: 1, to: 3 });
  assert.deepEqual(await connect(), consistency);
  for (let answer = 0; answer < 2; answer++) {
    await assert.rejects(connect(), { code: "peer-invalid" });
  }
  assert.deepEqual([asked[0], asked[5]], [
    "/log/inclusion?seq=1&size=3",
    "/log/consistency?from=1&to=3",
  ]);
});

Deno.test("log peer: entries are read page by page, to their end or as many as are wanted", async () => {
  const [entry] = await chainOf([{ kind: "created", model: START }], { identity });
  const at = (seq: number) => ({ ...entry, body: { ...entry!.body, seq } });
  const pages = [
    { entries: [at(0), at(1)], next: 2 },
    { entries: [at(2)], next: 3 },
    { entries: [], next: 3 },
  ];
  const all = peerOf(...pages);
  assert.equal((await all.peer.entries(SAMPLE_ID)).length, 3);
  assert.deepEqual(all.asked, ["/log?from=0", "/log?from=2", "/log?from=3"]);
  const some = peerOf(...pages);
  assert.deepEqual((await some.peer.entries(SAMPLE_ID, { size: 1 })).length, 1);
  assert.deepEqual(some.asked, ["/log?from=0"]);
});

/**
 * Messages between parties.
 *
 * @module
 */
import * as v from "valibot";
import { concatBytes, fromHex, utf8 } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import { parseJson } from "../../src/core/json.ts";
import { abstentionSchema } from "../../src/wire/abstention.ts";
import { checkContentDigest, contentDigestOf } from "../../src/wire/content_digest.ts";
import { encodeBundle, encodeSubmission, evidenceFor } from "../../src/wire/evidence.ts";
import { evidenceSource } from "../../src/wire/evidence_source.ts";
import { readAnswer } from "../../src/wire/helper_answer.ts";
import { askHeadSchema } from "../../src/wire/helper_head.ts";
import { helperKeysSchema, verifyHelperKeys } from "../../src/wire/helper_keys.ts";
import { logEntrySchema } from "../../src/wire/log.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import { readJsonMessage } from "../../src/wire/message.ts";
import { enrolmentSchema, membershipSchema } from "../../src/wire/party.ts";
import { errorOf, problemOf } from "../../src/wire/problem.ts";
import { receiptSchema } from "../../src/wire/receipt.ts";
import { roundInfoSchema } from "../../src/wire/round_info.ts";
import { readSignatureFields } from "../../src/wire/signature_fields.ts";
import type { StatementRound } from "../../src/wire/statement.ts";
import { statusSchema } from "../../src/wire/status.ts";
import {
  readTask,
  type Task,
  taskId,
  taskListSchema,
  taskOfferSchema,
  verifyTask,
} from "../../src/wire/task.ts";
import { readUpdateHeaders, UPDATE_FIELDS, updateHeaders } from "../../src/wire/update_headers.ts";
import { verifyEvidence } from "../../src/wire/verify_evidence.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { bytesDecoder, type Decoder, jsonDecoder, messageDecoder, readerOnly } from "./decoder.ts";
import { bytes32, fixedIdentity } from "./keys.ts";
import {
  ANSWER,
  ASK,
  ENROLMENTS,
  GROUPS_ENTRY,
  HELPER_KEY,
  HELPER_KEYS,
  LOG,
  MEMBERSHIP,
  PARTY,
  PRIVATE_TASK,
  RECEIPT,
  ROUNDS,
  SIGNED_TASKS,
  STATUS,
  TASKS,
} from "./messages.ts";

/** Any JSON, as a request's body is read before its schema is looked at. */
function anyJson(bytes: Uint8Array): unknown {
  return readJsonMessage(v.unknown(), bytes, { what: "a message", code: "bad-request" });
}

const documents: readonly Decoder[] = [
  messageDecoder("the answer to a poll", roundInfoSchema, ROUNDS),
  messageDecoder("a status", statusSchema, [STATUS]),
  messageDecoder("a receipt", receiptSchema, [RECEIPT]),
  messageDecoder("an enrolment", enrolmentSchema, ENROLMENTS),
  messageDecoder("a membership", membershipSchema, [MEMBERSHIP]),
  messageDecoder("an abstention", abstentionSchema, [{ sid: ASK.sid }]),
  messageDecoder("a list of tasks", taskListSchema, [{ tasks: [{ task: ASK.task, name: "x" }] }]),
  messageDecoder("an offer of a task", taskOfferSchema, [
    ...SIGNED_TASKS.map((signed) => ({ ...signed, region: PARTY })),
  ]),
  messageDecoder("the head of an ask", askHeadSchema, [ASK]),
  messageDecoder("an entry of a log", logEntrySchema, [...LOG, GROUPS_ENTRY]),
  jsonDecoder("a task", [...TASKS, PRIVATE_TASK], async (bytes) => {
    const task = readTask(anyJson(bytes));
    // Whatever is a task has a name.
    await taskId(task);
    return task;
  }),
  jsonDecoder("a signed task", SIGNED_TASKS, async (bytes) => {
    return (await verifyTask(anyJson(bytes))).signed;
  }),
  jsonDecoder("a helper's keys", [HELPER_KEYS], async (bytes) => {
    const form = { what: "a helper's keys", code: "peer-invalid" } as const;
    const keys = readJsonMessage(helperKeysSchema, bytes, form);
    await verifyHelperKeys(keys);
    return keys;
  }),
  readerOnly({ name: "a log", samples: [utf8(JSON.stringify(LOG))], form: "json" }, (bytes) => {
    const [task] = TASKS as readonly [Task, ...Task[]];
    const value = anyJson(bytes);
    return verifyLog(Array.isArray(value) ? value : [value], { task, signer: PARTY.publicKey });
  }),
  readerOnly({
    name: "a problem",
    samples: [utf8(JSON.stringify(problemOf(new Error("x")).problem))],
    form: "json",
  }, (bytes) => errorOf(anyJson(bytes), "12")),
];

const round: StatementRound = { task: ASK.task, round: 3, sid: ASK.sid };
const LENGTHS = [114, 114, 130];

/** The evidence of a region of two clients, the first of which comes alone, too. */
async function evidences(): Promise<Uint8Array[]> {
  const clients = await Promise.all([21, 22].map(async (byte) => {
    const identity = await fixedIdentity(byte);
    const digest = bytes32(byte);
    const envelopes = LENGTHS.map((length) => new Uint8Array(length).fill(byte));
    const options = { ...round, identity, digest, envelopes, hash: webDigest };
    return { identity, digest, bytes: await encodeSubmission(options) };
  }));
  clients.sort((a, b) => a.identity.id < b.identity.id ? -1 : 1);
  const members = await membersRoot(
    clients.map(({ identity, digest }) => ({ member: identity.id, digest: digest.toHex() })),
  );
  const identity = await fixedIdentity(23);
  const said = { ...round, identity, digest: bytes32(23), clients: 2, members, count: 2 };
  const bundle = await encodeBundle(said);
  return [clients[0]?.bytes ?? bundle, concatBytes([bundle, ...clients.map((it) => it.bytes)])];
}

const layout = { envelopes: LENGTHS, hash: webDigest };

const evidence: readonly Decoder[] = [
  readerOnly({ name: "evidence", samples: await evidences(), form: "bytes" }, (bytes) => {
    const source = evidenceSource([bytes], bytes.length);
    return verifyEvidence(source, { ...round, ...layout, seen: new Set() });
  }),
  readerOnly({
    name: "evidence on its way to a helper",
    samples: await evidences(),
    form: "bytes",
  }, async (bytes) => {
    const source = evidenceSource([bytes.subarray(0, 7), bytes.subarray(7)], bytes.length);
    const parts = evidenceFor(2, { source, ...layout });
    // An endless list would show.
    for await (const part of parts) if (part.length > bytes.length + 96) throw new Error("grew");
  }),
  bytesDecoder("a helper's answer", [ANSWER], async (bytes) => {
    const { task, round, sid, helper, clients, members } = ASK;
    const asked = { task, round, sid, helper, clients, members };
    const share = await readAnswer(bytes, { asked, publicKey: HELPER_KEY, shareBytes: 32 });
    return concatBytes([bytes.subarray(0, bytes.length - 32), share]);
  }),
];

/** Headers as lines; what is no header is passed over, as no server hands it on. */
function headersOf(bytes: Uint8Array): Headers {
  const headers = new Headers();
  for (const line of new TextDecoder().decode(bytes).split("\n")) {
    const [name = "", ...value] = line.split(": ");
    try {
      headers.append(name, value.join(": "));
    } catch {
      continue;
    }
  }
  return headers;
}

function linesOf(headers: Headers): Uint8Array {
  return utf8([...headers].map(([name, value]) => `${name}: ${value}`).join("\n"));
}

const SLICES = [bytes32(1), bytes32(2)];
const TREE = await webDigest(concatBytes(SLICES));
const UPDATE = { bytes: 1500, digest: TREE, slices: SLICES, sid: ASK.sid, clients: 3 };
const EVIDENCE = { bytes: 700, digest: bytes32(4) };
const SIGNATURE_INPUT =
  `tributary=("@method" "@path" "tributary-sid");created=1700000000;nonce="x";keyid="k"`;
const SIGNATURE = `tributary=:${new Uint8Array(64).fill(9).toBase64()}:`;

const headers: readonly Decoder[] = [
  ...[false, true].map((masked): Decoder => {
    const head = { ...UPDATE, members: ASK.members, ...(masked && { evidence: EVIDENCE }) };
    return {
      name: masked ? "headers of a masked update" : "headers of an update",
      samples: [linesOf(updateHeaders(head))],
      form: "text",
      async decode(bytes) {
        const given = headersOf(bytes);
        const least = masked ? { leastEvidence: 500 } : {};
        const read = await readUpdateHeaders(given, { bytes: 1500, sliceBytes: 1000, ...least });
        // Of what it reads there is one spelling.
        const again = updateHeaders(read);
        const known = Object.values(UPDATE_FIELDS)
          .filter((name) => given.has(name))
          // Where evidence tells the length it may be told once more, or not.
          .filter((name) => name !== UPDATE_FIELDS.length);
        const lines = (of: Headers) => utf8(known.map((name) => `${of.get(name)}`).join("\n"));
        return { again: lines(again), from: lines(given) };
      },
    };
  }),
  {
    name: "headers of a signature",
    samples: [utf8(`${SIGNATURE_INPUT}\n${SIGNATURE}`)],
    form: "text",
    decode(bytes) {
      const [input = "", signature = ""] = new TextDecoder().decode(bytes).split("\n");
      const read = readSignatureFields(input, signature);
      const again = `tributary=${read.input}\ntributary=:${read.signature.toBase64()}:`;
      return { again: utf8(again), from: utf8(`${input}\n${signature}`) };
    },
  },
  readerOnly({
    name: "the digest of a body",
    samples: [utf8(await contentDigestOf(fromHex("00")))],
    form: "text",
  }, (bytes) => {
    const text = new TextDecoder().decode(bytes).replaceAll(/[^\x20-\x7e]/g, "?");
    return checkContentDigest(new Headers({ "content-digest": text }), fromHex("00"));
  }),
];

/** JSON that no schema has seen yet. */
const json: Decoder = jsonDecoder("JSON", [{ a: [1, "é", { b: null }], c: "d" }], (bytes) => {
  const value = anyJson(bytes);
  return parseJson(JSON.stringify(value));
});

/** All of them. */
export const WIRE_DECODERS: readonly Decoder[] = [json, ...documents, ...evidence, ...headers];

/**
 * Answering: the sum of a helper's shares of one set of clients, for a root that may have it, once.
 *
 * Nothing changes before the answer is written, which is the last step but one; and the store writes
 * one answer for a sid. So whatever a root asks, in whatever order and however often at once, it learns
 * the sum of one set.
 *
 * @module
 */
import { fromHex, toBase64Url, toHex } from "../../src/core/bytes.ts";
import { DIGEST_BYTES } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import { openShare } from "../../src/mask/envelope.ts";
import type { ShareSum } from "../../src/mask/key_shares.ts";
import { createAggregateCore } from "../../src/wasm/aggregate.ts";
import { digestField } from "../../src/wire/content_digest.ts";
import { submissionBytes } from "../../src/wire/evidence.ts";
import { evidenceSource } from "../../src/wire/evidence_source.ts";
import { encodeAnswer } from "../../src/wire/helper_answer.ts";
import {
  type AskHead,
  askHeadSchema,
  HEAD_FIELD,
  LENGTH_BYTES,
  MAX_HEAD_BYTES,
  readLength,
} from "../../src/wire/helper_head.ts";
import { membersRoot, type MemberUpdate, rosterRoot } from "../../src/wire/merkle.ts";
import { readJsonMessage } from "../../src/wire/message.ts";
import { groupSession, sessionId } from "../../src/wire/session_id.ts";
import { type ProvenClient, verifyMembers } from "../../src/wire/verify_evidence.ts";
import { type AskBody, openAskBody } from "./ask_body.ts";
import type { ServedTask } from "./served_task.ts";
import type { AnswerRow } from "./store.ts";
import type { HelperWorld } from "./world.ts";

/**
 * Answers an ask whose sender was found to be the task's owner.
 *
 * @returns The answer's bytes; for the same set the same ones, also after a restart.
 * @throws {TributaryError} `bad-request`, `body-too-short`, `body-too-long` and `evidence-malformed` for
 * a body that is none; `digest-mismatch`, `helper-mismatch`, `group-unknown`, `set-too-small`,
 * `set-too-large` for a head that is not the signed one, another helper's, or of such a set;
 * `sid-answered` and `answer-dropped` for a sid that was answered for another set, or long ago;
 * `sid-mismatch` if the sid is not that of the round, roster and group; `member-unrostered`,
 * `member-repeated`, `evidence-refused` and `set-mismatch` for a set that is not what its members
 * signed, and the codes of envelopes and shares, with the client's id, for one that does not fit.
 */
export async function answerAsk(
  request: Request,
  task: ServedTask,
  world: HelperWorld,
): Promise<Uint8Array> {
  await using body = openAskBody(request.body, {
    clock: world.clock,
    stallMs: world.limits.stallMs,
  });
  const head = await readHead(body, request.headers, world);
  checkHead(head, task);
  const given = await world.store.answer(head.sid);
  if (given !== undefined) return answerIn(given, head);
  using _loan = await world.budget.take(memoryOf(head, task), request.signal);
  const roster = await readRoster(body, { head, task, world });
  const answer = await addShares(body, { head, task, world, roster });
  const { round, sid, clients, members } = head;
  const row = { sid, task: task.id, round, clients, members, answer };
  const written = await world.store.putAnswer(row);
  const bytes = answerIn(written, head);
  const { keepRounds } = world;
  if (keepRounds !== undefined) await world.store.dropAnswers(task.id, round - keepRounds);
  world.logger({ kind: "answer", task: task.id, round, group: head.group, clients });
  return bytes;
}

async function readHead(
  body: AskBody,
  headers: Headers,
  { digest }: HelperWorld,
): Promise<AskHead> {
  const length = readLength(await body.read(LENGTH_BYTES));
  if (length > MAX_HEAD_BYTES) {
    throw new TributaryError(
      "bad-request",
      `Cannot read an ask: its head has ${length} bytes, expected at most ${MAX_HEAD_BYTES}`,
    );
  }
  const bytes = await body.read(length);
  if (headers.get(HEAD_FIELD) !== digestField(await digest(bytes))) {
    throw new TributaryError(
      "digest-mismatch",
      `Cannot read an ask: its head is not the one that ${HEAD_FIELD} names`,
    );
  }
  return readJsonMessage(askHeadSchema, bytes, { what: "an ask", code: "bad-request" });
}

/** What can be told of a set before anything of it was read. */
function checkHead(head: AskHead, task: ServedTask): void {
  if (head.task !== task.id || head.helper !== task.number) {
    throw new TributaryError(
      "helper-mismatch",
      `Cannot answer: helper ${head.helper} of task ${head.task} is asked, this is helper ` +
        `${task.number} of ${task.id}`,
    );
  }
  if (head.group >= task.groups) {
    throw new TributaryError(
      "group-unknown",
      `Cannot answer for group ${head.group}: the task has ${task.groups}, from 0`,
    );
  }
  const { min, max } = task.clients;
  if (head.clients < min) {
    throw new TributaryError(
      "set-too-small",
      `Cannot answer for ${head.clients} clients: expected at least ${min}`,
    );
  }
  if (head.clients > max) {
    throw new TributaryError(
      "set-too-large",
      `Cannot answer for ${head.clients} clients: expected at most ${max}`,
    );
  }
}

/** The answer that a sid has, if it is for this set. */
function answerIn({ clients, members, answer }: AnswerRow, head: AskHead): Uint8Array {
  if (clients !== head.clients || members !== head.members) {
    throw new TributaryError(
      "sid-answered",
      `Cannot answer for ${head.clients} clients: sid ${head.sid} was answered for another set, ` +
        `of ${clients}`,
    );
  }
  if (answer !== undefined) return answer;
  throw new TributaryError(
    "answer-dropped",
    `Cannot answer again: what sid ${head.sid} was answered with is no longer kept`,
  );
}

/** Nodes that are checked at once, at most. */
const NODES_HELD = 48;
/** A core with a sum, a scratch of as much, and what it comes with. */
const CORE_BYTES = 2 << 20;
/** An id and a digest while they wait to be hashed. */
const MEMBER_BYTES = 256;

/** Bytes that answering takes, whatever is sent. */
function memoryOf({ roster, clients }: AskHead, task: ServedTask): number {
  const node = submissionBytes({ envelopes: task.envelopes, helper: task.number });
  return CORE_BYTES + 2 * task.helping.answerBytes + NODES_HELD * node +
    MEMBER_BYTES * (roster + clients);
}

interface Asked {
  readonly head: AskHead;
  readonly task: ServedTask;
  readonly world: HelperWorld;
}

/** The root's roster, once it was found to be the one that the sid binds. */
async function readRoster(
  body: AskBody,
  { head, task, world }: Asked,
): Promise<ReadonlySet<string>> {
  const ids: string[] = [];
  const bytes = await body.read(head.roster * DIGEST_BYTES);
  for (let at = 0; at < bytes.length; at += DIGEST_BYTES) {
    ids.push(toBase64Url(bytes.subarray(at, at + DIGEST_BYTES)));
  }
  const { round, model, beacon, group } = head;
  const roster = await rosterRoot(ids, world.digest);
  const session = { task: task.id, round, model, plan: task.plan, roster, beacon };
  const sid = await groupSession(await sessionId(session, world.digest), group, world.digest);
  if (sid !== head.sid) {
    throw new TributaryError(
      "sid-mismatch",
      `Cannot answer for sid ${head.sid}: expected ${sid}, that of the round, roster and group`,
    );
  }
  return new Set(ids);
}

/** Checks every node and adds this helper's shares, as they arrive. */
async function addShares(
  body: AskBody,
  { head, task, world, roster }: Asked & { readonly roster: ReadonlySet<string> },
): Promise<Uint8Array<ArrayBuffer>> {
  const { digest, identity, module, checkOf } = world;
  const { round, sid, clients, members, bytes } = head;
  using core = createAggregateCore(module);
  using sum = task.helping.createShareSum(core, task.number);
  const sidBytes = fromHex(sid);
  const added: MemberUpdate[] = [];
  const source = evidenceSource(body.take(bytes), bytes);
  const proofs = await verifyMembers(source, head.nodes, {
    task: task.id,
    round,
    sid,
    envelopes: task.envelopes,
    helper: task.number,
    hash: digest,
    checkOf,
    seen: new Set(),
    async visit(proven) {
      // A set that is larger than announced is not added up to its end.
      if (added.length >= clients) mismatch(`more than ${clients} clients follow`);
      added.push({ member: proven.client, digest: toHex(proven.digest) });
      await addShare(sum, proven, { task, sid: sidBytes });
    },
  });
  if (source.left > 0) mismatch(`${source.left} bytes follow its ${head.nodes} members`);
  await body.end();
  const stranger = proofs.find(({ member }) => !roster.has(member));
  if (stranger !== undefined) {
    throw new TributaryError(
      "member-unrostered",
      `Cannot answer for ${stranger.member}: it is not on the root's roster`,
    );
  }
  const found = await membersRoot(added, digest);
  if (added.length !== clients || found !== members) {
    mismatch(`it has ${added.length} clients under ${found}, expected ${clients} under ${members}`);
  }
  const said = { task: task.id, round, sid, helper: task.number, clients, members };
  return await encodeAnswer(said, sum.share(), { identity, digest });
}

/** Opens the envelope of a client that has signed it, and adds what is in it. */
async function addShare(
  sum: ShareSum,
  { client, digest: parcel, envelopes }: ProvenClient,
  { task, sid }: { readonly task: ServedTask; readonly sid: Uint8Array },
): Promise<void> {
  const { number: helper, key, helping } = task;
  const shareBytes = helping.shareBytes(helper);
  try {
    const [envelope = new Uint8Array()] = envelopes;
    const share = await openShare(envelope, { sid, client, helper, parcel, key, shareBytes });
    sum.add(share);
    share.fill(0);
  } catch (cause) {
    if (!(cause instanceof TributaryError)) throw cause;
    const detail = `Cannot add the share of client ${client}: ${cause.message}`;
    throw new TributaryError(cause.code, detail, { cause });
  }
}

function mismatch(found: string): never {
  throw new TributaryError("set-mismatch", `Cannot answer for a set: ${found}`);
}

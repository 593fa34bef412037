/**
 * The HTTP client of helpers: what a task's author and its root speak to them with.
 *
 * @module
 */
import { fromBase64Url, utf8 } from "../core/bytes.ts";
import { webDigest } from "../core/digest.ts";
import {
  type CallOptions,
  createCaller,
  expectEqual,
  jsonHeaders,
  type PeerOptions,
  readJson,
  signalOf,
  transferMs,
} from "./call.ts";
import { digestField } from "./content_digest.ts";
import { readBody } from "./fetch.ts";
import { MAX_ANSWER_HEAD_BYTES, readAnswer } from "./helper_answer.ts";
import { type AskHead, framed, HEAD_FIELD, LENGTH_BYTES } from "./helper_head.ts";
import { type HelperKeys, helperKeysSchema, verifyHelperKeys } from "./helper_keys.ts";
import type { Party } from "./party.ts";
import { fillRoute, ROUTES } from "./routes.ts";
import { type SignedTask, type TaskOffer, taskOfferSchema, verifyTask } from "./task.ts";

/** What a helper is asked. */
export interface Ask extends CallOptions {
  /** Everything but the evidence. */
  readonly head: AskHead;
  /** The helper as the task names it. */
  readonly helper: Party;
  /** Length of its answer's share. */
  readonly shareBytes: number;
  /** Length of what {@link Ask.rest} gives. */
  readonly bytes: number;
  /** The roster's ids and the evidence, made anew for each try. */
  rest(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * A helper, as a root or a task's author sees it. Every call throws {@link TributaryError}: what the
 * helper answered, `peer-unreachable` when it stays out of reach, `peer-invalid` when its answer does
 * not fit.
 */
export interface HelperPeer {
  /** Its address. */
  readonly url: string;
  /** Its keys, checked to be its identity's word. */
  keys(options?: CallOptions): Promise<HelperKeys>;
  /** Has it serve a task. Doing it again changes nothing. */
  putTask(
    id: string,
    signed: SignedTask,
    options: CallOptions & { readonly helper: Party },
  ): Promise<
    TaskOffer
  >;
  /**
   * The sum of its shares of a set's keys. Safe to repeat: the same set gets the same answer.
   *
   * @throws {TributaryError} `answer-invalid` unless the answer says just that, under the helper's key.
   */
  ask(ask: Ask): Promise<Uint8Array>;
}

/** A helper under an address. Nothing is sent before the first call. */
export function createHelperPeer(options: PeerOptions): HelperPeer {
  const { digest = webDigest } = options;
  const { base, send } = createCaller(options);
  return {
    url: base,
    keys: (call = {}) =>
      send({
        ...signalOf(call),
        method: "GET",
        path: ROUTES.helper,
        async read(response) {
          const keys = await readJson(response, helperKeysSchema, "a helper's keys");
          await verifyHelperKeys(keys);
          return keys;
        },
      }),

    putTask(id, signed, { helper, ...call }) {
      const body = utf8(JSON.stringify(signed));
      return send({
        ...signalOf(call),
        method: "PUT",
        path: fillRoute(ROUTES.task, { task: id }),
        audience: helper.id,
        body,
        headers: () => jsonHeaders(body, digest),
        async read(response) {
          const { region, ...offer } = await readJson(response, taskOfferSchema, "a task offer");
          await verifyTask(offer, id);
          expectEqual("region", region.id, helper.id);
          return { region, ...offer };
        },
      });
    },

    async ask({ head, helper, shareBytes, bytes, rest, ...call }) {
      const first = utf8(JSON.stringify(head));
      const headers = async () =>
        new Headers({
          "content-type": "application/octet-stream",
          [HEAD_FIELD]: digestField(await digest(first)),
        });
      return await send({
        ...signalOf(call),
        method: "POST",
        path: fillRoute(ROUTES.answers, { task: head.task }),
        audience: helper.id,
        body: () => streamOf(framed(first), rest()),
        headers,
        extraMs: transferMs(bytes),
        async read(response) {
          const most = LENGTH_BYTES + MAX_ANSWER_HEAD_BYTES + shareBytes;
          const { task, round, sid, clients, members } = head;
          return await readAnswer(await readBody(response, most, "answer-invalid"), {
            asked: { task, round, sid, helper: head.helper, clients, members },
            publicKey: fromBase64Url(helper.publicKey),
            shareBytes,
            digest,
          });
        },
      });
    },
  };
}

/** Bytes that are made as they are sent. */
function streamOf(
  first: Uint8Array<ArrayBuffer>,
  rest: AsyncIterable<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const parts = rest[Symbol.asyncIterator]();
  let next: Uint8Array<ArrayBuffer> | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      if (next === undefined) {
        const { done, value } = await parts.next();
        if (done === true) return controller.close();
        next = value;
      }
      controller.enqueue(next);
      next = undefined;
    },
    async cancel() {
      await parts.return?.();
    },
  });
}

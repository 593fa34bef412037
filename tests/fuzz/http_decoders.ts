/**
 * Requests to an aggregator and to a helper: whatever comes is answered by what was asked for, or by a
 * document that says why it was refused, and never by an error that nobody foresaw.
 *
 * @module
 */
import { sumStrategy, testTask } from "../../edge/_testing.ts";
import { createHelperApp } from "../../edge/helper/mod.ts";
import { memoryHelperStore, memoryStore } from "../../edge/memory/mod.ts";
import { createAggregatorApp } from "../../edge/mod.ts";
import { concatBytes, toBase64Url, utf8 } from "../../src/core/bytes.ts";
import { slicesDigest, webDigest } from "../../src/core/digest.ts";
import { isErrorCode } from "../../src/core/errors.ts";
import type { Identity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { inlineModule } from "../../src/wasm/mod.ts";
import { contentDigestOf, digestField } from "../../src/wire/content_digest.ts";
import { framed, HEAD_FIELD } from "../../src/wire/helper_head.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { fillRoute, ROUTES } from "../../src/wire/routes.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { signedHeaders } from "../../src/wire/signing.ts";
import { signTask, type Task, taskId } from "../../src/wire/task.ts";
import { updateHeaders } from "../../src/wire/update_headers.ts";
import { countingRandom, manualClock } from "../../src/wire/_testing.ts";
import type { Decoder } from "./decoder.ts";
import { bytes32, fixedHelperKey, fixedIdentity } from "./keys.ts";
import { ASK } from "./messages.ts";

const ORIGIN = "http://region.test";
/** Longest that a poll is waited for, as clocks stand here. */
const PATIENCE_MS = 20;

const module = await inlineModule("aggregate");
const [root, member, helper] = await Promise.all([1, 31, 32].map(fixedIdentity)) as [
  Identity,
  Identity,
  Identity,
];
const TASK: Task = testTask(4);
const TASK_ID = await taskId(TASK);
const KEY = await fixedHelperKey(33);
const MASKED: Task = testTask(4, {
  clients: { min: 2, max: 100 },
  update: { ...TASK.update, slotBits: 20 },
  mask: {
    kind: "two_helper",
    helpers: [1, 2].map((at) => ({
      url: `http://h${at}.test`,
      key: toBase64Url(at === 1 ? KEY.publicKey : bytes32(9)),
      identity: toBase64Url(at === 1 ? helper.publicKey : bytes32(8)),
    })),
    min: 2,
    groups: 1,
  },
});
const MASKED_ID = await taskId(MASKED);

/** Something that answers requests, begun anew for every case, so that cases do not follow each other. */
interface Server extends AsyncDisposable {
  readonly clock: ReturnType<typeof manualClock>;
  fetch(request: Request): Promise<Response>;
}

/** A root with one task, a member, and its first round open. */
async function startRoot(): Promise<Server> {
  const clock = manualClock();
  const app = createAggregatorApp({
    ...{ module, store: memoryStore(), identity: root, clock, random: countingRandom() },
    strategy: () => sumStrategy,
  });
  const fetch = async (request: Request): Promise<Response> => await app.fetch(request);
  await app.aggregator.start();
  const model = { w: { shape: [4], data: new Float32Array(4) } };
  await app.aggregator.own({ signed: await signTask(TASK, root), model });
  const peer = createPeer({
    ...{ url: ORIGIN, fetch, identity: member, clock, random: systemRandom, digest: webDigest },
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
  });
  const { region } = await peer.task(TASK_ID);
  await peer.enrol(TASK_ID, { kind: "client", size: 1, region });
  await peer.round(TASK_ID, { after: 0, waitS: 60, plan: await planDigest(TASK) });
  return { clock, fetch, [Symbol.asyncDispose]: () => app.aggregator[Symbol.asyncDispose]() };
}

const json = (value: unknown) => ({ body: utf8(JSON.stringify(value)) });

/** A task for a helper. */
const OFFER = requestText(
  `PUT ${fillRoute(ROUTES.task, { task: MASKED_ID })}`,
  json(await signTask(MASKED, root)),
);

/** A helper that has one task. */
async function startHelper(): Promise<Server> {
  const clock = manualClock();
  const store = memoryHelperStore();
  const app = createHelperApp({ store, keys: [KEY], identity: helper, module, clock });
  // What is signed in the second in which it starts is refused.
  clock.advance(1000);
  const server: Server = {
    clock,
    fetch: async (request) => await app.fetch(request),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  const read = requestOf(OFFER);
  if (read === undefined) throw new TypeError("the offer is no request");
  const { head, body } = read;
  const by = { identity: root, region: helper.id };
  const headers = await signed(head, { body, server, ...by });
  const { ok } = await server.fetch(new Request(head.url, { method: "PUT", headers, body }));
  if (!ok) throw new TypeError("the helper does not take the task");
  return server;
}

/** A request as text: method and path, headers, an empty line, the body. */
function requestText(
  first: string,
  { headers = new Headers(), body = new Uint8Array() }: {
    headers?: Headers;
    body?: Uint8Array;
  } = {},
): Uint8Array {
  const lines = [first, ...[...headers].map(([name, value]) => `${name}: ${value}`), "", ""];
  return concatBytes([utf8(lines.join("\n")), body]);
}

/** The request that a text is; undefined if it is none, as no server would hand it on. */
function requestOf(
  bytes: Uint8Array,
): { head: Request; body: Uint8Array<ArrayBuffer> } | undefined {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\n\n");
  const [first = "", ...lines] = text.slice(0, end < 0 ? undefined : end).split("\n");
  const [method = "", path = ""] = first.split(" ");
  try {
    const headers = new Headers();
    for (const line of lines) {
      const [name = "", ...value] = line.split(": ");
      headers.append(name, value.join(": "));
    }
    const head = new Request(new URL(path, ORIGIN), { method, headers });
    return { head, body: end < 0 ? new Uint8Array() : bytes.slice(end + 2) };
  } catch {
    return undefined;
  }
}

/** The request under a signature, with the digest of its body unless it names one. */
async function signed(
  head: Request,
  { body, identity, region, server }: {
    readonly body: Uint8Array;
    readonly identity: Identity;
    readonly region: string;
    readonly server: Server;
  },
): Promise<Headers> {
  const headers = new Headers(head.headers);
  const covered = ["content-digest", "tributary-digest", HEAD_FIELD];
  if (head.method !== "GET" && !covered.some((name) => headers.has(name))) {
    headers.set("content-digest", await contentDigestOf(body));
  }
  const { clock } = server;
  const { method, url } = head;
  return await signedHeaders({ method, url, headers }, {
    ...{ identity, region, clock, random: systemRandom },
  });
}

/** Sends a request, and looks at what comes back. */
async function exchange(server: Server, request: Request, abort: AbortController): Promise<void> {
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
  try {
    const response = await server.fetch(request);
    const body = await response.text();
    if (response.ok || response.status === 304) return;
    const { code, status } = JSON.parse(body);
    if (status !== response.status || !isErrorCode(code) || code === "internal") {
      throw new Error(`${request.method} ${request.url}: ${response.status} ${body}`);
    }
  } catch (error) {
    // A poll that was given up.
    if (!abort.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

interface HttpDecoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  readonly start: () => Promise<Server>;
  /** Who signs, and for whom; nobody where absent. */
  readonly by?: { readonly identity: Identity; readonly region: string };
}

function httpDecoder({ name, samples, start, by }: HttpDecoder): Decoder {
  return {
    name,
    samples,
    form: "text",
    // A server is started for each.
    share: 0.1,
    async decode(bytes) {
      const read = requestOf(bytes);
      if (read === undefined) return undefined;
      const { head, body } = read;
      await using server = await start();
      const abort = new AbortController();
      const headers = by === undefined
        ? head.headers
        : await signed(head, { body, server, ...by }).catch(() => head.headers);
      const hasBody = head.method !== "GET" && head.method !== "HEAD";
      const { method, url } = head;
      const request = new Request(url, {
        ...{ method, headers, signal: abort.signal },
        ...(hasBody && { body }),
      });
      await exchange(server, request, abort);
      return undefined;
    },
  };
}

const at = (pattern: string, more: Readonly<Record<string, string | number>> = {}): string =>
  fillRoute(pattern, { task: TASK_ID, member: member.id, round: 1, version: 0, ...more });

/** The update that the member of {@link startRoot} would send. */
async function updateText(): Promise<Uint8Array> {
  await using server = await startRoot();
  const { fetch, clock } = server;
  const peer = createPeer({
    ...{ url: ORIGIN, fetch, identity: member, clock, random: systemRandom, digest: webDigest },
  });
  const plan = await planDigest(TASK);
  const info = await peer.round(TASK_ID, { after: 0, waitS: 0, plan });
  const parcel = new Uint8Array(Uint32Array.of(1, 2, 3, 4).buffer);
  const { slices, tree } = await slicesDigest(parcel, { sliceBytes: 1 << 20, digest: webDigest });
  const sid = info?.kind === "open" ? info.sid : "";
  const headers = updateHeaders({
    ...{ bytes: parcel.length, digest: tree, slices, sid, clients: 1, members: undefined },
  });
  return requestText(`PUT ${at(ROUTES.update)}`, { headers, body: parcel });
}

const reads = [
  `GET ${ROUTES.tasks}`,
  `GET ${at(ROUTES.task)}`,
  `GET ${at(ROUTES.status)}`,
  `GET ${at(ROUTES.log)}?from=0&limit=10`,
  `GET ${at(ROUTES.model)}`,
  `GET /openapi.json`,
].map((first) => requestText(first));
reads.push(
  requestText(`GET ${at(ROUTES.model)}`, { headers: new Headers({ range: "bytes=0-9" }) }),
);

const writes = [
  requestText(`GET ${at(ROUTES.round)}?after=0&wait=0`),
  requestText(
    `PUT ${at(ROUTES.member)}`,
    json({ kind: "client", publicKey: toBase64Url(member.publicKey), size: 1 }),
  ),
  requestText(`DELETE ${at(ROUTES.member)}`),
  requestText(`PUT ${at(ROUTES.abstention)}`, json({ sid: ASK.sid })),
  await updateText(),
];

const head = utf8(JSON.stringify({ ...ASK, task: MASKED_ID, helper: 1, roster: 1, nodes: 1 }));
const asks = [
  requestText(`GET ${ROUTES.helper}`),
  OFFER,
  requestText(`POST ${fillRoute(ROUTES.answers, { task: MASKED_ID })}`, {
    headers: new Headers({ [HEAD_FIELD]: digestField(await webDigest(head)) }),
    body: framed(head, new Uint8Array(932).fill(1)),
  }),
];

/** All of them. */
export const HTTP_DECODERS: readonly Decoder[] = [
  httpDecoder({ name: "requests to a root", samples: [...reads, ...writes], start: startRoot }),
  httpDecoder({
    name: "signed requests to a root",
    samples: writes,
    start: startRoot,
    by: { identity: member, region: root.id },
  }),
  httpDecoder({
    name: "signed requests to a helper",
    samples: asks,
    start: startHelper,
    by: { identity: root, region: helper.id },
  }),
];

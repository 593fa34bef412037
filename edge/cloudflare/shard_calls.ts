/**
 * Calls of an accumulator in another object: what is asked for, as requests, and the answers.
 *
 * Requests stay inside the worker: nobody but its own objects can send them.
 *
 * @module
 */
import * as v from "valibot";
import { TributaryError } from "../../src/core/errors.ts";
import { readJsonMessage } from "../../src/wire/message.ts";
import { errorOf, problemOf } from "../../src/wire/problem.ts";
import type { Shard, ShardAddition } from "../sum/shard.ts";
import { MAX_SLICE_BYTES } from "../store.ts";

/** An object as its binding gives it. */
export interface Stub {
  /** Sends it a request. */
  fetch(request: Request): Promise<Response>;
}

const ORIGIN = "https://accumulator";
/** Tries of one call; every call may be repeated. */
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 50;
/** Longest text that says what to add. */
const TEXT_BYTES = 1 << 20;

const names = v.array(v.pipe(v.string(), v.maxLength(512)));
const additionSchema: v.GenericSchema<ShardAddition> = v.object({
  ring: v.picklist(["u32", "rns27", "rns30"]),
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  from: v.optional(v.string()),
  to: v.string(),
  parcels: names,
});

/** How calls of an accumulator travel. */
export interface ShardCallOptions {
  /** The object, by a new stub for each try: one that failed may be broken. */
  stub(): Stub;
  /** Lets time pass between two tries. */
  sleep(ms: number): Promise<void>;
}

/** An accumulator in another object. */
export function remoteShard(options: ShardCallOptions): Shard {
  async function call(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await reach(options, () => new Request(ORIGIN + path, init));
    if (response.ok || response.status === 404) return response;
    const text = await response.text();
    throw errorOf(parse(text), null) ?? new TributaryError(
      "store-failed",
      `Cannot use an accumulator: status ${response.status}`,
    );
  }

  return {
    async put(task, slices) {
      for (const { name, index, bytes } of slices) {
        const body = bytes as Uint8Array<ArrayBuffer>;
        await call(`/${task}/slices/${encodeURIComponent(name)}/${index}`, { method: "PUT", body });
      }
    },
    async slice(task, name, index) {
      const response = await call(`/${task}/slices/${encodeURIComponent(name)}/${index}`);
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      return new Uint8Array(await response.arrayBuffer());
    },
    async add(task, addition) {
      const body = JSON.stringify(addition);
      await call(`/${task}/sums`, { method: "POST", body });
    },
    async drop(task, dropped) {
      const body = JSON.stringify(dropped);
      await call(`/${task}/dropped`, { method: "POST", body });
    },
  };
}

/** Answers the calls of an accumulator here. */
export async function answerShard(shard: Shard, request: Request): Promise<Response> {
  try {
    return await answer(shard, request);
  } catch (error) {
    const { status, headers, problem } = problemOf(error);
    return new Response(JSON.stringify(problem), { status, headers });
  }
}

async function answer(shard: Shard, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, task = "", kind, name = "", index = ""] = pathname.split("/").map(decodeURIComponent);
  switch (`${request.method} ${kind}`) {
    case "PUT slices": {
      const bytes = new Uint8Array(await request.arrayBuffer());
      if (bytes.length > MAX_SLICE_BYTES) break;
      await shard.put(task, [{ name, index: Number(index), bytes }]);
      return new Response(null, { status: 204 });
    }
    case "GET slices": {
      const slice = await shard.slice(task, name, Number(index));
      return new Response(slice as Uint8Array<ArrayBuffer> | undefined, {
        status: slice === undefined ? 404 : 200,
      });
    }
    case "POST sums":
      await shard.add(task, await read(request, additionSchema, "a sum"));
      return new Response(null, { status: 204 });
    case "POST dropped":
      await shard.drop(task, await read(request, names, "names"));
      return new Response(null, { status: 204 });
  }
  throw new TributaryError("bad-request", `Cannot ${request.method} ${pathname}: no such call`);
}

async function read<T>(
  request: Request,
  schema: v.GenericSchema<T>,
  what: string,
): Promise<T> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > TEXT_BYTES) {
    throw new TributaryError("body-too-long", `Cannot read ${what}: ${bytes.length} bytes`);
  }
  return readJsonMessage(schema, bytes, { what, code: "bad-request" });
}

/** Tries again what the platform says may be tried again, but not where it has too much to do. */
async function reach(
  { stub, sleep }: ShardCallOptions,
  build: () => Request,
): Promise<Response> {
  for (let attempt = 1;; attempt++) {
    try {
      return await stub().fetch(build());
    } catch (cause) {
      const { retryable, overloaded } = cause as {
        readonly retryable?: boolean;
        readonly overloaded?: boolean;
      };
      if (attempt === ATTEMPTS || retryable !== true || overloaded === true) {
        throw new TributaryError("busy", "Cannot reach an accumulator: it does not answer", {
          cause,
          retryAfterS: 1,
        });
      }
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

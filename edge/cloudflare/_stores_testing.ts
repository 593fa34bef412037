/**
 * A worker for tests: each of its objects is a store, whose methods are called over HTTP.
 *
 * `POST /{aggregator|helper}/{object}` calls a method; with one more segment, the object's storage is
 * opened anew for each. `POST /sql/{object}` runs a statement on what the object holds, whatever that is.
 *
 * @module
 */
import { readText, type StoreAnswer, type StoreCall, writeText } from "./_call_testing.ts";
import type { ObjectStorage } from "./database.ts";
import { objectHelperStore, openHelper } from "./helper_store.ts";
import { objectStore, openAggregator } from "./store.ts";

type Methods = Record<string, (...given: readonly unknown[]) => unknown>;

/** An object whose storage is opened as what the address says. */
export class StoreObject {
  readonly #storage: ObjectStorage;
  readonly #open = new Map<string, Methods>();

  constructor({ storage }: { readonly storage: ObjectStorage }) {
    this.#storage = storage;
  }

  async fetch(request: Request): Promise<Response> {
    const { method, given } = readText(await request.text()) as StoreCall;
    const [, kind = "", , again = ""] = new URL(request.url).pathname.split("/");
    const call = () => this.#opened(kind, again)[method]!(...given);
    return new Response(writeText(await answerOf(call)));
  }

  #opened(kind: string, again: string): Methods {
    const open = this.#open.get(kind + again) ?? this.#openAs(kind);
    this.#open.set(kind + again, open);
    return open;
  }

  #openAs(kind: string): Methods {
    if (kind === "aggregator") {
      return objectStore(openAggregator(this.#storage)) as unknown as Methods;
    }
    if (kind === "helper") {
      return objectHelperStore(openHelper(this.#storage)) as unknown as Methods;
    }
    return { run: (statement) => this.#storage.sql.exec(String(statement)).toArray() };
  }
}

async function answerOf(call: () => unknown): Promise<StoreAnswer> {
  try {
    return { value: await call() };
  } catch (error) {
    const { name, code, message } = error as Error & { readonly code?: string };
    return { failed: { name, message, ...(code === undefined ? {} : { code }) } };
  }
}

interface Namespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

export default {
  fetch(request: Request, env: { readonly STORES: Namespace }): Promise<Response> {
    const [, , name = ""] = new URL(request.url).pathname.split("/");
    return env.STORES.get(env.STORES.idFromName(name)).fetch(request);
  },
};

/**
 * Stores in objects of the worker in `_stores_testing.ts`, for tests.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import { readText, type StoreAnswer, type StoreCall, writeText } from "./_call_testing.ts";
import type { RunningWorker } from "./_testing.ts";

/** Calls a method of an object. */
export async function callObject(
  { url }: RunningWorker,
  path: `${"aggregator" | "helper" | "sql"}/${string}`,
  call: StoreCall,
): Promise<unknown> {
  const response = await fetch(`${url}/${path}`, { method: "POST", body: writeText(call) });
  const answer = readText(await response.text()) as StoreAnswer;
  if ("value" in answer) return answer.value;
  const { name, code, message } = answer.failed;
  if (name === "RangeError") throw new RangeError(message);
  if (code === "store-failed") throw new TributaryError(code, message);
  throw new Error(`Cannot ${call.method}: ${name}: ${message}`);
}

/** A store in an object, new unless it is named. */
export function storeIn<T extends AsyncDisposable>(
  worker: RunningWorker,
  kind: "aggregator" | "helper",
  object: string = crypto.randomUUID(),
): T {
  const dispose = () => Promise.resolve();
  return new Proxy({}, {
    get(_, method) {
      // Nobody waits for the store itself.
      if (method === "then") return undefined;
      if (method === Symbol.asyncDispose) return dispose;
      return (...given: unknown[]) =>
        callObject(worker, `${kind}/${object}`, { method: String(method), given });
    },
  }) as T;
}

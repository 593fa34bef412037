/**
 * The demo's helpers, each a listener of its own on loopback over a store of its own.
 *
 * @module
 */
import * as v from "valibot";
import { nativeIdentity, type ServedHelper, serveHelper } from "../../../edge/deno/mod.ts";
import { toBase64Url } from "../../core/bytes.ts";
import { type Fetch, systemFetch } from "../../core/fetch.ts";
import { importHelperKey } from "../../mask/mod.ts";
import { type HelperInfo, helperInfoSchema } from "../../wire/mask_plan.ts";
import { readJsonMessage } from "../../wire/message.ts";
import { ignoreMissing, writeFileWhole } from "../files.ts";
import type { RunState } from "./state.ts";

/** Helpers at work. */
export interface DemoCommittee extends AsyncDisposable {
  /** What the task says of them: the same in every start of one run. */
  readonly helpers: readonly HelperInfo[];
  /** Reaches them, also where one had to take another port than the task says. */
  readonly fetch: Fetch;
}

/** Names of the helpers' keys in the state. */
export function helperNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `helper${at + 1}`);
}

/** Starts the helpers; where an earlier start left stores, they go on. */
export async function startCommittee(state: RunState, count: number): Promise<DemoCommittee> {
  const path = state.path("helpers.json");
  const known = await readIfThere(path);
  await using stack = new AsyncDisposableStack();
  const served = await Promise.all(
    helperNames(count).map(async (name, at) => {
      const url = known?.[at]?.url;
      return stack.use(await serveNear(state, name, url === undefined ? 0 : portOf(url)));
    }),
  );
  const helpers = known ?? served.map(({ url, identity, keys: [key] }) => ({
    url,
    key: toBase64Url(key?.publicKey ?? new Uint8Array()),
    identity: toBase64Url(identity.publicKey),
  }));
  if (known === undefined && count > 0) await writeFileWhole(path, JSON.stringify(helpers));
  const owned = stack.move();
  return {
    helpers,
    fetch: (request) => {
      const at = helpers.findIndex(({ url }) => request.url.startsWith(`${url}/`));
      const [named, real] = [helpers[at]?.url, served[at]?.url];
      if (named === undefined || real === undefined || named === real) return systemFetch(request);
      return systemFetch(moved(request, request.url.replace(named, real)));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Serves a helper at a port, or if another program has taken that since, at any. */
async function serveNear(state: RunState, name: string, port: number): Promise<ServedHelper> {
  const serve = async (port: number) =>
    await serveHelper({
      store: state.path(`${name}.db`),
      identity: await nativeIdentity(keyOf(state.keys, name)),
      keys: [await importHelperKey(keyOf(state.shareKeys, name))],
      port,
    });
  try {
    return await serve(port);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return await serve(0);
  }
}

/** The same request elsewhere; its signature covers the path, not the port. */
function moved(request: Request, url: string): Request {
  const { method, headers, body, signal } = request;
  return new Request(url, { method, headers, body, signal, duplex: "half" } as RequestInit);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function keyOf(keys: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const key = keys.get(name);
  if (key === undefined) throw new RangeError(`Cannot start ${name}: it has no key`);
  return key;
}

async function readIfThere(path: string): Promise<readonly HelperInfo[] | undefined> {
  const bytes = await Deno.readFile(path).catch(ignoreMissing);
  if (bytes === undefined) return undefined;
  return readJsonMessage(v.array(helperInfoSchema), bytes, { what: path, code: "bad-data" });
}

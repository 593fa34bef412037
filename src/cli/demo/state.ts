/**
 * What an interrupted run needs to go on: stores, keys and the figures so far, in one folder.
 *
 * @module
 */
import * as v from "valibot";
import { dirname, join } from "node:path";
import { fromBase64, toBase64 } from "../../core/bytes.ts";
import { generateStoredIdentity } from "../../core/identity.ts";
import { generateStoredHelperKey } from "../../mask/mod.ts";
import { readJsonMessage } from "../../wire/message.ts";
import { ignoreMissing, writeFileWhole } from "../files.ts";
import type { RoundFigures } from "../run_record.ts";

/** The folder of one run. */
export interface RunState {
  /** Whether an earlier start left something to go on with. */
  readonly resumed: boolean;
  /** Path of a file in it. */
  path(name: string): string;
  /** PKCS #8 bytes of everybody's keys, by name: the aggregators', and the clients' by person. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** PKCS #8 bytes of the keys that shares are sealed to, by the helpers' names. */
  readonly shareKeys: ReadonlyMap<string, Uint8Array>;
  /** Token that regions and clients enrol with. */
  readonly token: string;
  /** Figures of the rounds that earlier starts finished. */
  readonly rounds: readonly RoundFigures[];
  /** Writes down the figures so far. */
  saveRounds(rounds: readonly RoundFigures[]): Promise<void>;
  /** Removes the folder, and the one it is in once that is empty: the run is over. */
  remove(): Promise<void>;
}

const keysSchema = v.strictObject({
  token: v.string(),
  keys: v.record(v.string(), v.string()),
  shareKeys: v.record(v.string(), v.string()),
});

const roundsSchema: v.GenericSchema<RoundFigures[]> = v.array(v.strictObject({
  round: v.number(),
  clients: v.number(),
  seconds: v.number(),
  bytesUp: v.number(),
  bytesDown: v.number(),
  metrics: v.record(v.string(), v.number()),
  spent: v.exactOptional(v.strictObject({ sums: v.number(), epsilon: v.number() })),
}));

/**
 * Opens the folder of a run, or begins it with a key for each name.
 *
 * @param folder  Where; made if it is not there.
 * @param options `names` of all parties but the helpers, `helpers` of those, and `fresh` to forget an
 * earlier start.
 * @throws {TributaryError} `bad-data` if a file in it cannot be read.
 */
export async function openRunState(
  folder: string,
  options: { names: readonly string[]; helpers?: readonly string[]; fresh: boolean },
): Promise<RunState> {
  const path = (name: string) => join(folder, name);
  const remove = () => Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  if (options.fresh) await remove();
  const keysFile = path("keys.json");
  const roundsFile = path("rounds.json");
  let bytes = await readIfThere(keysFile);
  const resumed = bytes !== undefined;
  if (bytes === undefined) {
    bytes = await makeKeys(options);
    await writeFileWhole(keysFile, bytes);
  }
  const { token, keys, shareKeys } = readJsonMessage(keysSchema, bytes, {
    what: keysFile,
    code: "bad-data",
  });
  const rounds = await readIfThere(roundsFile);
  return {
    resumed,
    path,
    token,
    keys: bytesByName(keys),
    shareKeys: bytesByName(shareKeys),
    rounds: rounds === undefined
      ? []
      : readJsonMessage(roundsSchema, rounds, { what: roundsFile, code: "bad-data" }),
    saveRounds: (figures) => writeFileWhole(roundsFile, JSON.stringify(figures)),
    async remove() {
      await remove();
      // Others may have interrupted runs of theirs beside this one.
      await Deno.remove(dirname(folder)).catch(() => {});
    },
  };
}

async function makeKeys(
  { names, helpers = [] }: {
    readonly names: readonly string[];
    readonly helpers?: readonly string[];
  },
): Promise<Uint8Array> {
  const keys: Record<string, string> = {};
  const shareKeys: Record<string, string> = {};
  for (const name of [...names, ...helpers]) {
    keys[name] = toBase64((await generateStoredIdentity()).pkcs8);
  }
  for (const name of helpers) shareKeys[name] = toBase64((await generateStoredHelperKey()).pkcs8);
  const token = crypto.randomUUID();
  return new TextEncoder().encode(JSON.stringify({ token, keys, shareKeys }));
}

function bytesByName(texts: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, fromBase64(text)]));
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return await Deno.readFile(path).catch(ignoreMissing);
}

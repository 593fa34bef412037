/**
 * The kinds of work that the parts of a tree do, as a profile shows them.
 *
 * @module
 */
import { type CpuProfile, secondsByKind, type WorkKind } from "./cpu_profile.ts";

/** Training, and a model's own step. */
export const TRAINING = "training";
/** What the demo compares the federated model to. */
export const COMPARISON = "training what is compared, evaluating";
/** Clipping, quantising, adding. */
export const ENCODING = "quantising and adding";
/** Drawing keys and errors, adding them, opening a sum. */
const MASKING = "masking and opening sums";
/** HPKE. */
const SEALING = "sealing and opening shares of keys";
/** SHA-256. */
export const HASHING = "hashing";

/** All kinds; a stack is of the first that knows one of its frames. */
export const KINDS: readonly WorkKind[] = [
  { name: COMPARISON, frame: /src\/cli\/demo\/compare\.ts/ },
  { name: HASHING, frame: /^(nativeDigest|digest|op_node_hash\w*|op_node_create_hash) / },
  {
    name: "signing and checking signatures",
    frame:
      /^(sign|verify|op_node_verify_ed25519) $|src\/wire\/signing\.ts|core\/identity\.ts|http-message-sig|structured-headers/,
  },
  { name: SEALING, frame: /src\/mask\/(envelope|hpke|hkdf)|@hpke|noble\+ciphers|noble\/ciphers/ },
  { name: MASKING, frame: /src\/mask\/|src\/wasm\/kahe\.ts/ },
  { name: ENCODING, frame: /src\/update\/|src\/wasm\/aggregate\.ts/ },
  {
    name: "SQLite, held up by the disk or not",
    frame: /edge\/sqlite\/|src\/cli\/device_store\.ts/,
  },
  { name: TRAINING, frame: /src\/(models|strategy|nn)\/|src\/wasm\/train/ },
  {
    name: "HTTP and messages",
    frame: /ext:deno_(http|fetch|web|net|node)|src\/(wire|round|client)\/|\/edge\/|hono|valibot/,
  },
  { name: "native code that no script called: sockets, event loop", frame: /^\(program\)/ },
  { name: "collecting garbage", frame: /^\(garbage collector\)/ },
];

/** Seconds by kind over all profiles in a folder, one for each thread. */
export async function secondsOfProfiles(folder: string): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  for await (const { name } of Deno.readDir(folder)) {
    const profile: CpuProfile = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
    for (const [kind, seconds] of secondsByKind(profile, KINDS)) {
      all.set(kind, (all.get(kind) ?? 0) + seconds);
    }
  }
  return all;
}

/**
 * A helper as a process of its own, told by one JSON argument what to be. It says on standard output
 * `ready <address> <its public keys, as JSON>`.
 *
 * @module
 */
import { serveHelper } from "../edge/deno/mod.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import type { HelperInfo } from "../src/wire/mask_plan.ts";

/** What to be. */
export interface HelperProcessOptions {
  /** SQLite file. */
  readonly store: string;
  /** Private key that it signs with. */
  readonly key: string;
  /** Private key that shares are sealed to. */
  readonly sealing: string;
  /** Port to listen at, or 0. */
  readonly port: number;
}

async function main({ store, key, sealing, port }: HelperProcessOptions): Promise<void> {
  const helper = await serveHelper({ store, identity: key, keys: [sealing], port });
  const keys: Omit<HelperInfo, "url"> = {
    key: toBase64Url(helper.keys[0]?.publicKey ?? new Uint8Array(0)),
    identity: toBase64Url(helper.identity.publicKey),
  };
  const line = `ready ${helper.url} ${JSON.stringify(keys)}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(line));
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "{}"));

/**
 * Someone who reads a root's public log again and again, and remembers what stood in it.
 *
 * @module
 */
import type { Fetch } from "../../src/core/fetch.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";
import { createPeer } from "../../src/wire/peer.ts";
import { instantIdentity } from "./instant_crypto.ts";
import type { Ledger } from "./ledger.ts";
import type { Life, Running } from "./machine.ts";

/** Which log is read, and who is told when it changes. */
export interface AuditOptions {
  readonly url: string;
  /** Digest of the task. */
  readonly task: string;
  readonly ledger: Ledger;
  readonly fetch: Fetch;
  /** Hashes of the entries that were seen, by place; they outlive the reader. */
  readonly seen: string[];
}

const EVERY_MS = 15_000;

/** Reads for as long as it lives. */
export function watchLog(life: Life, options: AuditOptions): Running {
  const { clock, random } = life;
  const { url, fetch, task, ledger, seen } = options;
  const over = new AbortController();
  const identity = instantIdentity(new Uint8Array(32).fill(7));
  const retry = { attempts: 1, minMs: 0, maxMs: 0 };
  const peer = createPeer({ url, fetch, identity, clock, random, retry, digest: nativeDigest });
  async function read(): Promise<void> {
    for (;;) {
      const page = await peer.log(task, { from: 0, signal: over.signal }).catch(() => undefined);
      for (const [at, { hash }] of page?.entries.entries() ?? []) {
        if ((seen[at] ??= hash) !== hash) {
          ledger.blame("log-changed", `entry ${at} of the root's log is another one than it was`);
        }
      }
      await clock.sleep(EVERY_MS, { signal: over.signal });
    }
  }
  const run = read();
  run.catch(() => {});
  return {
    ready: Promise.resolve(),
    async stop() {
      over.abort(new DOMException("The auditor stops", "AbortError"));
      await run.catch(() => {});
    },
  };
}

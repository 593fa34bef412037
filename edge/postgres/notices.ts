/**
 * Word of writes between instances, by `LISTEN` and `NOTIFY`. It may get lost, with a connection or
 * behind a pool of connections that has no sessions: it makes things quick, and nothing depends on it.
 *
 * @module
 */
import { systemClock } from "../../src/core/clock.ts";
import { toHex } from "../../src/core/bytes.ts";
import { systemRandom } from "../../src/core/random.ts";
import { retry } from "../../src/core/retry.ts";
import type { Database } from "./database.ts";

/** Tells others, and hears of them. */
export interface Notices extends AsyncDisposable {
  /** Calls `changed` when another instance tells of a task, and after every gap in hearing. */
  watch(task: string, changed: () => void): Disposable;
  /** Tells all others of a task, soon; one word may stand for several. */
  tell(task: string): void;
}

/** Tries to hear again, for as long as it takes. */
const FOREVER = { attempts: Infinity, minMs: 100, maxMs: 5000, retryable: () => true };

/** Says and hears nothing before it is asked to. */
export function createNotices({ schema, run, session }: Database): Notices {
  const own = toHex(systemRandom(8));
  const watches = new Set<{ readonly task: string; readonly changed: () => void }>();
  const closing = new AbortController();
  const untold = new Set<string>();
  let telling: Promise<void> | undefined;
  let hearing: Promise<void> | undefined;

  function call(task: string | undefined): void {
    for (const watch of [...watches]) {
      if (task === undefined || watch.task === task) watch.changed();
    }
  }

  /** Listens on one connection until that breaks. */
  async function hear(): Promise<void> {
    const { signal } = closing;
    await using client = await session();
    // Closing may have come first, and is told of once.
    signal.throwIfAborted();
    const broken = Promise.withResolvers<void>();
    const end = () => broken.resolve();
    client.on("error", end);
    client.on("end", end);
    client.on("notification", ({ payload = "" }) => {
      const [sender, task] = payload.split(" ");
      if (sender !== own) call(task);
    });
    signal.addEventListener("abort", end, { once: true });
    try {
      await client.query(`LISTEN ${schema}`);
      // Something may have been written while nobody listened.
      call(undefined);
      await broken.promise;
    } finally {
      signal.removeEventListener("abort", end);
    }
    if (!signal.aborted) throw new Error("the connection was closed");
  }

  async function hearOn(): Promise<void> {
    const { signal } = closing;
    await retry(hear, { clock: systemClock(), random: systemRandom, signal, ...FOREVER })
      .catch(() => {});
  }

  /** On its own, not in the transaction of the write, which would wait for that of every other task. */
  async function tellAll(): Promise<void> {
    try {
      while (untold.size > 0 && !closing.signal.aborted) {
        const tasks = [...untold];
        untold.clear();
        const text = "SELECT pg_notify($1, $2 || ' ' || task) FROM unnest($3::text[]) AS task";
        await run("tell of a write", (client) => client.query(text, [schema, own, tasks]));
      }
    } catch {
      // Those who wait look for themselves before long.
    } finally {
      telling = undefined;
    }
  }

  return {
    watch(task, changed) {
      const watch = { task, changed };
      watches.add(watch);
      hearing ??= hearOn();
      return { [Symbol.dispose]: () => void watches.delete(watch) };
    },
    tell(task) {
      untold.add(task);
      telling ??= tellAll();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await telling;
      await hearing;
    },
  };
}

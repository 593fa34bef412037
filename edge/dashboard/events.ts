/**
 * What happens to a task, as server-sent events: each entry of its log, and its figures whenever they
 * change. All of it is public at other addresses too; here nobody has to ask again and again.
 *
 * @module
 */
import type { Context } from "hono";
import { type SSEMessage, type SSEStreamingApi, streamSSE } from "hono/streaming";
import { MAX_LOG_PAGE } from "../../src/wire/log.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { ObservedTask } from "../observer.ts";
import type { Waiters } from "../task/waiters.ts";

/** What a stream of events works with. */
export interface EventsOptions {
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Wakes when something has changed. */
  readonly waiters: Waiters;
  /** Called once the stream is over. */
  ended(): void;
  /** Entry of the log to begin with; none that is there already where undefined. */
  readonly from: number | undefined;
}

/** So long after a change others are gathered: uploads come in crowds. */
const GATHER_MS = 200;
/** Without any change something is sent all the same, so that nobody takes the line for dead. */
const HEARTBEAT_MS = 15_000;
/** After so long a listener that was cut off may come again. */
const RETRY_MS = 2000;
/** A listener that takes nothing for so long is gone, or as good as: its place is another's. */
const STALL_MS = 30_000;

/** A stream of a task's events, until its listener leaves or the aggregator stops. */
export function taskEvents(c: Context, task: ObservedTask, options: EventsOptions): Response {
  const { clock, waiters } = options;
  const answer = streamSSE(c, async (stream) => {
    using _end = { [Symbol.dispose]: options.ended };
    const left = new AbortController();
    stream.onAbort(() => left.abort());
    // A platform that tells of a listener that has left need not wait until something is sent.
    c.req.raw.signal.addEventListener("abort", () => stream.abort(), { once: true });
    const send: Send = (event) => sendInTime(event, { stream, clock });
    let next = options.from ?? task.look().logLength;
    try {
      while (!stream.aborted && !waiters.closed) {
        next = await sendEntries(task, { from: next, send });
        const data = JSON.stringify(task.status());
        await send({ event: "status", data, retry: RETRY_MS });
        const why = await waiters.wait(HEARTBEAT_MS, left.signal);
        if (why === "woken" && !waiters.closed) await clock.sleep(GATHER_MS, left);
      }
    } catch {
      // A store that failed, or a listener that left: whoever listens comes again, and goes on.
    }
  });
  answer.headers.set("cache-control", "no-store");
  // Whoever passes it on must not wait for it to end.
  answer.headers.set("x-accel-buffering", "no");
  return answer;
}

/** Sends an event; throws once nobody takes it. */
type Send = (event: SSEMessage) => Promise<void>;

async function sendInTime(
  event: SSEMessage,
  { stream, clock }: { readonly stream: SSEStreamingApi; readonly clock: Clock },
): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(STALL_MS, done).then(() => stream.abort(), () => {});
  try {
    await Promise.race([stream.writeSSE(event), late]);
  } finally {
    done.abort();
  }
  if (stream.aborted) throw new DOMException("The listener has left", "AbortError");
}

/** Sends what the log has from an entry on; a listener that breaks off here comes back with its number. */
async function sendEntries(
  task: ObservedTask,
  { from, send }: { readonly from: number; readonly send: Send },
): Promise<number> {
  for (let next = from;;) {
    const { entries } = await task.log(next, MAX_LOG_PAGE);
    for (const entry of entries) {
      await send({ event: "entry", id: String(entry.body.seq), data: JSON.stringify(entry) });
    }
    next += entries.length;
    if (entries.length < MAX_LOG_PAGE) return next;
  }
}

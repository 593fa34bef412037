/**
 * Devices that send one update each, in a process of their own: requests that were signed before, on
 * a connection a device, all at once or one after another at an even pace. A device that is turned
 * away comes again when it was told to, as a client does.
 *
 * Reads a {@link LoadPlan} as JSON from the path in its argument; prints a {@link LoadResult}.
 *
 * @module
 */

/** What to send. */
export interface LoadPlan {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Milliseconds between the starts of two devices; 0 for all at once. */
  readonly gapMs: number;
  /** For each device the heads of its tries, each with a signature of its own, and a file of its body. */
  readonly uploads: readonly { readonly heads: readonly string[]; readonly body: string }[];
}

/** What came of it. */
export interface LoadResult {
  /** Seconds from the first byte sent to the last answer read. */
  readonly seconds: number;
  /** Devices that have a receipt. */
  readonly accepted: number;
  /** Answers 429 and 503. */
  readonly turnedAway: number;
  /** Other answers, by status, and connections that broke. */
  readonly others: Readonly<Record<string, number>>;
  /** Median of the time from a device's start to its receipt, in milliseconds. */
  readonly p50Ms: number;
  /** Its 99th percentile. */
  readonly p99Ms: number;
}

/** One answer. */
interface Answer {
  readonly status: number;
  /** Seconds after which to come again; 0 if it does not say. */
  readonly retryAfterS: number;
}

const HEAD_END = "\r\n\r\n";

async function run(plan: LoadPlan): Promise<LoadResult> {
  const { port, gapMs } = plan;
  const bodies = new Map<string, Uint8Array>();
  for (const { body } of plan.uploads) {
    if (!bodies.has(body)) bodies.set(body, await Deno.readFile(body));
  }
  const others: Record<string, number> = {};
  const times: number[] = [];
  let turnedAway = 0;

  async function device(upload: LoadPlan["uploads"][number], startMs: number): Promise<void> {
    const body = bodies.get(upload.body) ?? new Uint8Array();
    await until(startMs);
    const began = gapMs === 0 ? startMs : performance.now();
    for (const head of upload.heads) {
      const answer = await send({ port, head, body }).catch((error) => String(error));
      if (typeof answer === "string") {
        others[answer] = (others[answer] ?? 0) + 1;
      } else if (answer.status === 201) {
        times.push(performance.now() - began);
        return;
      } else if (answer.status === 429 || answer.status === 503) {
        turnedAway++;
        await until(performance.now() + answer.retryAfterS * 1000 * (1 + Math.random()));
      } else {
        others[answer.status] = (others[answer.status] ?? 0) + 1;
        return;
      }
    }
  }

  const began = performance.now() + 50;
  await Promise.all(plan.uploads.map((upload, at) => device(upload, began + at * gapMs)));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? NaN;
  return { seconds, accepted: times.length, turnedAway, others, p50Ms: at(.5), p99Ms: at(.99) };
}

async function until(ms: number): Promise<void> {
  const left = ms - performance.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}

async function send(
  { port, head, body }: {
    readonly port: number;
    readonly head: string;
    readonly body: Uint8Array;
  },
): Promise<Answer> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  socket.setNoDelay();
  // A server that turns a device away answers before the body is through, and may hang up then.
  const sent = writeAll(socket, [new TextEncoder().encode(head), body]).catch(() => {});
  const answer = await readAnswer(socket);
  if (answer.status === 201) await sent;
  return answer;
}

async function writeAll(socket: Deno.Conn, parts: readonly Uint8Array[]): Promise<void> {
  for (const bytes of parts) {
    for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
  }
}

/** Reads one answer to its end. */
async function readAnswer(socket: Deno.Conn): Promise<Answer> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const read = await socket.read(buffer);
    if (read === null) throw new Error("hung up");
    text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
    const headEnd = text.indexOf(HEAD_END);
    if (headEnd < 0) continue;
    const numberOf = (field: RegExp) => Number(field.exec(text)?.[1] ?? 0);
    const length = numberOf(/\r\ncontent-length: (\d+)/i);
    if (text.length < headEnd + HEAD_END.length + length) continue;
    const retryAfterS = numberOf(/\r\nretry-after: (\d+)/i);
    return { status: Number(text.slice(9, 12)), retryAfterS };
  }
}

if (import.meta.main) {
  const path = Deno.args[0];
  if (path === undefined) throw new Error("Cannot run: expected the path of a plan");
  console.log(JSON.stringify(await run(JSON.parse(await Deno.readTextFile(path)))));
}

/**
 * A load generator in a process of its own: sends requests that were signed before, over connections
 * that stay open, as fast as they are answered. Nothing is computed here, so that the server under
 * test is what is measured.
 *
 * Reads a {@link LoadPlan} as JSON from the path in its argument; prints a {@link LoadResult}.
 *
 * @module
 */

/** What to send. */
export interface LoadPlan {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Connections that send at once. */
  readonly connections: number;
  /** Request line and headers of each request, with the empty line at the end, and a file of its body. */
  readonly uploads: readonly { readonly head: string; readonly body: string }[];
}

/** What came of it. */
export interface LoadResult {
  /** Seconds from the first byte sent to the last answer read. */
  readonly seconds: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Median and 99th percentile of a request's time in milliseconds. */
  readonly p50Ms: number;
  /** 99th percentile. */
  readonly p99Ms: number;
}

const HEAD_END = "\r\n\r\n";

async function run(plan: LoadPlan): Promise<LoadResult> {
  const files = new Map<string, Uint8Array>();
  for (const { body } of plan.uploads) {
    if (!files.has(body)) files.set(body, await Deno.readFile(body));
  }
  const uploads = plan.uploads.map(({ head, body }) => ({
    head: new TextEncoder().encode(head),
    body: files.get(body) ?? new Uint8Array(),
  }));
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  let next = 0;

  async function connection(): Promise<void> {
    using socket = await Deno.connect({ hostname: "127.0.0.1", port: plan.port });
    socket.setNoDelay();
    const buffer = new Uint8Array(65536);
    for (let upload = uploads[next++]; upload !== undefined; upload = uploads[next++]) {
      const began = performance.now();
      await writeAll(socket, upload.head);
      await writeAll(socket, upload.body);
      const status = await readAnswer(socket, buffer);
      times.push(performance.now() - began);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }

  const began = performance.now();
  await Promise.all(Array.from({ length: plan.connections }, connection));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? 0;
  return { seconds, statuses, p50Ms: at(.5), p99Ms: at(.99) };
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}

/** Reads one answer to its end; its status. */
async function readAnswer(socket: Deno.Conn, buffer: Uint8Array): Promise<string> {
  let text = "";
  for (;;) {
    const read = await socket.read(buffer);
    if (read === null) throw new Error(`Cannot read an answer: the server hung up after ${text}`);
    text += new TextDecoder("latin1").decode(buffer.subarray(0, read));
    const headEnd = text.indexOf(HEAD_END);
    if (headEnd < 0) continue;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
    if (text.length >= headEnd + HEAD_END.length + length) return text.slice(9, 12);
  }
}

if (import.meta.main) {
  const path = Deno.args[0];
  if (path === undefined) throw new Error("Cannot run: expected the path of a plan");
  console.log(JSON.stringify(await run(JSON.parse(await Deno.readTextFile(path)))));
}

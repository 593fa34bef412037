/**
 * What a hostile sender may try at a server's sockets, as tests that run over any of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { generateIdentity } from "../../src/core/identity.ts";
import { digestField } from "../../src/wire/content_digest.ts";
import { taskId } from "../../src/wire/task.ts";
import { nativeDigest } from "./crypto.ts";
import {
  connectTo,
  inFolder,
  letRead,
  readAnswer,
  SERVED_TASK,
  type StartRoot,
  writeAll,
} from "./_server_testing.ts";

const HOST = "host: x\r\n";

/** Messages that are broken or absurd, and the statuses that each may be answered with. */
const MESSAGES: readonly (readonly [string, readonly number[], string])[] = [
  ["a line that is no request", [400], "FOO\r\n\r\n"],
  ["the beginning of TLS", [400], "\x16\x03\x01\x00\x01\r\n\r\n"],
  ["a version that there is not", [400], `GET /healthz HTTP/3.7\r\n${HOST}\r\n`],
  ["a header of a megabyte", [400, 431], get("/healthz", `x: ${"a".repeat(1 << 20)}\r\n`)],
  ["headers of a megabyte together", [400, 431], get("/healthz", "x: abcdefgh\r\n".repeat(80_000))],
  ["an address of a megabyte", [400, 414, 431], get(`/${"a".repeat(1 << 20)}`)],
  ["a header with a zero byte", [400], get("/healthz", "x: a\0b\r\n")],
  ["a header folded over two lines", [400], get("/healthz", "x: a\r\n b\r\n")],
  ["a space before a colon", [400], get("/healthz", "content-length : 5\r\n")],
  ["two lengths", [400], put("content-length: 3\r\ncontent-length: 4\r\n", "abcd")],
  [
    "a length and chunks",
    [400],
    put("content-length: 3\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
  ],
  ["a length below zero", [400], put("content-length: -1\r\n")],
  ["a length beyond all numbers", [400], put(`content-length: ${"9".repeat(30)}\r\n`)],
  ["a path out of the tree", [404], get("/v1/tasks/../../../../etc/passwd")],
  ["a path out of the tree, encoded", [404], get("/v1/tasks/%2e%2e/%2e%2e/etc/passwd")],
  ["a path in overlong UTF-8", [400, 404], get("/v1/tasks/%c0%ae%c0%ae/%c0%afetc")],
  ["a path with a zero byte", [400, 404], get("/v1/tasks/%00")],
  ["a path with half an escape", [400, 404], get("/v1/tasks/%zz")],
  ["a path with a backslash", [400, 404], get("/v1\\tasks")],
  ["a path with empty segments", [404], get("//v1//tasks")],
  ["a path with parameters", [404], get("/v1/tasks;admin=1")],
  ["an encoded slash", [400, 404], get("/v1%2ftasks")],
  ["another method", [404, 405], `TRACE /v1/tasks HTTP/1.1\r\n${HOST}\r\n`],
];

function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function put(fields: string, body = ""): string {
  return `PUT /v1/tasks HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

/** An enrolment that is read before it is known who signed it. */
async function enrolment(
  body: Uint8Array<ArrayBuffer>,
  { fields = "", length = `content-length: ${body.length}` } = {},
): Promise<string> {
  const { id } = await generateIdentity();
  const path = `/v1/tasks/${await taskId(SERVED_TASK)}/members/${id}`;
  const signed = "signature: x=:AA==:\r\nsignature-input: x=()\r\n";
  const digest = `content-digest: ${digestField(await nativeDigest(body))}\r\n`;
  return `PUT ${path} HTTP/1.1\r\n${HOST}${signed}${digest}${fields}${length}\r\n\r\n`;
}

/** Status and code of the one answer to bytes. */
async function answerTo(url: string, ...parts: readonly (string | Uint8Array)[]) {
  using socket = await connectTo(url);
  for (const part of parts) {
    // A server may hang up before it has read all.
    if (!await writeAll(socket, part).then(() => true, () => false)) break;
  }
  const text = await readAnswer(socket);
  return { status: Number(text.split(" ")[1]), code: /"code":"([a-z-]+)"/.exec(text)?.[1] };
}

/**
 * Registers the suite.
 *
 * @param name    What is tested; begins each test's name.
 * @param options How a root is started that waits 300 ms for a body, and whether it cannot be here.
 */
export function testHostile(
  name: string,
  { start, ignore = false }: { readonly start: StartRoot; readonly ignore?: boolean },
): void {
  Deno.test({
    name: `${name}: broken and absurd messages are refused, and the next one is answered`,
    ignore,
    fn: () =>
      served(async (url) => {
        for (const [what, statuses, message] of MESSAGES) {
          const { status } = await answerTo(url, message);
          assert.ok(statuses.includes(status), `${what}: ${status}, expected ${statuses}`);
          await letRead(url);
        }
      }),
  });

  Deno.test({
    name: `${name}: bodies that are huge, deep, compressed or slow are refused, each by its status`,
    ignore,
    fn: () =>
      served(async (url) => {
        const encode = (text: string) => new TextEncoder().encode(text);
        const refused = async (
          expected: { readonly status: number; readonly code: string },
          ...parts: readonly (string | Uint8Array)[]
        ) => {
          assert.deepEqual(await answerTo(url, ...parts), expected);
          await letRead(url);
        };
        const huge = encode(`{"kind":"${"a".repeat(70_000)}"}`);
        await refused({ status: 413, code: "body-too-long" }, await enrolment(huge), huge);
        // As many bytes as there may be, none of them announced.
        const chunk = `8000\r\n${"a".repeat(0x8000)}\r\n`;
        await refused(
          { status: 413, code: "body-too-long" },
          await enrolment(huge, { length: "transfer-encoding: chunked" }),
          ...[chunk, chunk, chunk, "0\r\n\r\n"],
        );
        for (
          const deep of [
            "[".repeat(60_000),
            '{"a":'.repeat(10_000),
            `${"[".repeat(30_000)}${"]".repeat(30_000)}`,
          ]
        ) {
          const body = encode(deep);
          await refused({ status: 400, code: "bad-request" }, await enrolment(body), body);
        }
        const bomb = new Uint8Array(gzipSync(new Uint8Array(20 << 20)));
        for (const encoding of ["gzip", "br", "deflate, gzip", "zstd"]) {
          await refused(
            { status: 415, code: "encoding-refused" },
            await enrolment(bomb, { fields: `content-encoding: ${encoding}\r\n` }),
            bomb,
          );
        }
        // Half of a body, and nothing more.
        const half = encode('{"kind":"client",');
        const announced = { length: "content-length: 4000" };
        await refused(
          { status: 400, code: "body-too-short" },
          await enrolment(half, announced),
          half,
        );
      }),
  });

  Deno.test({
    name: `${name}: hundreds that never finish a request keep nobody from being answered`,
    ignore,
    fn: () =>
      served(async (url) => {
        using stack = new DisposableStack();
        const slow = await Promise.all(
          Array.from({ length: 300 }, async () => stack.use(await connectTo(url))),
        );
        for (const socket of slow) await writeAll(socket, "GET /healthz HTTP/1.1\r\nhos");
        for (let at = 0; at < 5; at++) {
          await Promise.all(slow.map((socket) => writeAll(socket, "t")));
          assert.equal((await answerTo(url, get("/healthz"))).status, 200);
        }
      }),
  });

  async function served(body: (url: string) => Promise<void>): Promise<void> {
    await inFolder(async (folder) => {
      const root = await start(folder, { stallMs: 300 });
      try {
        await body(root.url);
      } finally {
        await root.stop();
      }
    });
  }
}

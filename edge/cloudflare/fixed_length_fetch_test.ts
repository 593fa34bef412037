import assert from "node:assert/strict";
import { canRunWorkerd, startWorker } from "./_testing.ts";

const BYTES = 9 << 20;

/** Sends as many bytes as it is told to where it is told to, as a stream that announces its length. */
const WORKER = `
  import { fixedLengthFetch } from "./fixed_length_fetch.ts";

  async function send(to, bytes, send) {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        const chunk = Math.min(1 << 20, bytes - sent);
        if (chunk === 0) return controller.close();
        controller.enqueue(new Uint8Array(chunk).fill(sent >> 20));
        sent += chunk;
      },
    });
    const headers = { "content-length": String(bytes) };
    return await send(new Request(to, { method: "PUT", headers, body, redirect: "manual" }));
  }

  export default {
    async fetch(request) {
      const query = new URL(request.url).searchParams;
      const how = query.get("how") === "fixed" ? fixedLengthFetch : fetch;
      return await send(query.get("to"), Number(query.get("bytes")), how);
    },
  };
`;

Deno.test({
  name:
    "fixed length fetch: a stream has the length that it announces, which the platform alone drops",
  ignore: !await canRunWorkerd(),
  // Miniflare ends its own thread, and removes its own folder, some time after a worker is disposed of.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const body = new Uint8Array(await request.arrayBuffer());
        const sum = body.reduce((total, byte) => total + byte, 0);
        return Response.json({
          ...{ length: request.headers.get("content-length"), bytes: body.length, sum },
        });
      },
    );
    await using worker = await startWorker({ source: WORKER, objects: {} });
    const send = async (how: string) => {
      const to = `http://127.0.0.1:${server.addr.port}/`;
      const query = new URLSearchParams({ how, to, bytes: String(BYTES) });
      return await (await fetch(`${worker.url}/?${query}`)).json();
    };
    const sum = 36 << 20;
    assert.deepEqual(await send("fixed"), { length: String(BYTES), bytes: BYTES, sum });
    // The reason for it: once this fails, it can go.
    assert.deepEqual(await send("plain"), { length: null, bytes: BYTES, sum });
  },
});

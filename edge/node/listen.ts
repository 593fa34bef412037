/**
 * Node's own server, by hono's adapter.
 *
 * @module
 */
import { getRequestListener, RequestError } from "@hono/node-server";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TributaryError } from "../../src/core/errors.ts";
import type { Listen } from "../native/listener.ts";

/** All headers of a request: those of an update of 64 million values have 20 kB. */
const MOST_HEADER_BYTES = 64 << 10;

/** Longest time that headers may take to arrive, in milliseconds. */
const HEADERS_MS = 15_000;

/** Longest time that a connection may wait for its next request, in milliseconds. */
const IDLE_MS = 75_000;

/** Listens until it is closed. */
export const listenNode: Listen = async ({ hostname, port, answer, failed }) => {
  const listener = getRequestListener(
    (request, { incoming, outgoing }) =>
      answer(
        untilHungUp(request, incoming as IncomingMessage),
        {
          completed: closed(outgoing as ServerResponse),
          address: (incoming as IncomingMessage).socket.remoteAddress,
        },
      ),
    {
      hostname,
      overrideGlobalObjects: false,
      errorHandler: (error) => failed(isUnreadable(error) ? unreadable(error) : error),
    },
  );
  const server = createServer({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: HEADERS_MS / 3,
    keepAliveTimeout: IDLE_MS,
    // A body may take as long as it gets on: whoever reads it says when it has stalled.
    requestTimeout: 0,
  }, (incoming, outgoing) => void listener(incoming, outgoing));
  // One that has sent all of its request, and ends its half of the connection, still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const over = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await over;
    },
  };
};

/**
 * A request without a body, which is over once its sender has ended its half of the connection: what
 * waits for something to happen is answered then.
 */
function untilHungUp(request: Request, { socket }: IncomingMessage): Request {
  const { method, headers, signal, url } = request;
  if (method !== "GET" && method !== "HEAD") return request;
  const hungUp = new AbortController();
  const hangUp = () => hungUp.abort();
  socket.once("end", hangUp);
  signal.addEventListener("abort", () => socket.off("end", hangUp), { once: true });
  return new Request(url, { method, headers, signal: AbortSignal.any([signal, hungUp.signal]) });
}

/** Settles when an answer is sent, or its connection broken. */
function closed(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => outgoing.once("close", resolve));
}

function isUnreadable(error: unknown): error is RequestError {
  return error instanceof RequestError;
}

function unreadable(error: RequestError): TributaryError {
  const detail = `Cannot read the request: ${error.message.toLowerCase()}`;
  return new TributaryError("bad-request", detail, { cause: error });
}

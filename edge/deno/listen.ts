/**
 * Deno's own server.
 *
 * @module
 */
import type { Listen } from "../native/listener.ts";

/** Listens until it is closed. */
export const listenDeno: Listen = ({ hostname, port, answer, failed }) => {
  const closing = new AbortController();
  const server = Deno.serve(
    {
      hostname,
      port,
      signal: closing.signal,
      onListen() {},
      onError: failed,
    },
    (request, { completed, remoteAddr }) =>
      answer(request, { completed, address: remoteAddr.hostname }),
  );
  return Promise.resolve({
    port: server.addr.port,
    async close() {
      // Closes whatever is open. The server's own `shutdown` would wait for a stuck sender for ever.
      closing.abort();
      await server.finished;
    },
  });
};

/**
 * Servers that run until Ctrl-C.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import { Interrupted, listenForInterrupt } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Starts a server and waits for Ctrl-C, then lets it finish what is under way.
 *
 * @param terminal Where it says that it was stopped.
 * @param start    Starts the server.
 * @param begin    What is left to do once it listens; an interrupt does not wait for it.
 * @throws {TributaryError} What `start` and `begin` throw.
 */
export async function untilStopped<Server extends AsyncDisposable>(
  terminal: Terminal,
  start: () => Promise<Server>,
  begin: (server: Server) => Promise<void>,
): Promise<void> {
  using interrupt = listenForInterrupt("Stopped; the next start goes on from here");
  await using server = await start();
  const stopped = new Promise<never>((_, reject) => {
    interrupt.signal.addEventListener("abort", () => reject(interrupt.signal.reason), {
      once: true,
    });
  });
  try {
    await Promise.race([begin(server).then(() => stopped), stopped]);
  } catch (error) {
    // Being stopped is how a server ends.
    if (!(error instanceof Interrupted)) throw error;
    terminal.print(error.message);
  }
}

/**
 * Starts what listens at an address.
 *
 * @throws {TributaryError} `busy` if the address cannot be listened at.
 */
export async function startAt<Server>(
  { host, port }: { readonly host: string; readonly port: number },
  start: () => Promise<Server>,
): Promise<Server> {
  try {
    return await start();
  } catch (error) {
    if (!isListenError(error)) throw error;
    throw new TributaryError(
      "busy",
      `Cannot listen at ${host}:${port}: ${
        error.message.replace(/ \(os error.*$/, "").toLowerCase()
      }, expected a free port of this machine, such as --port 0 finds`,
      { cause: error },
    );
  }
}

function isListenError(error: unknown): error is Error {
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  return [AddrInUse, AddrNotAvailable, PermissionDenied].some((kind) => error instanceof kind);
}

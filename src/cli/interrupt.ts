/**
 * Ctrl-C as an abort signal, so that everything stops in order.
 *
 * @module
 */

/** A signal that aborts at the first Ctrl-C or termination request. */
export interface Interrupt extends Disposable {
  /** Aborts once, with an {@link Interrupted} as its reason. */
  readonly signal: AbortSignal;
}

/** The reason of an interrupted command. */
export class Interrupted extends Error {
  /** Always the class's name. */
  override readonly name = "Interrupted";
}

/**
 * Listens for SIGINT and SIGTERM until disposed of. A second one ends the process at once.
 *
 * @param message What the user is told at the end.
 */
export function listenForInterrupt(message: string): Interrupt {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new Interrupted(message));
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGINT", stop);
      Deno.removeSignalListener("SIGTERM", stop);
    },
  };
}

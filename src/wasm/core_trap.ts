/**
 * What is raised when a core traps.
 *
 * @module
 */

import { TributaryError } from "../core/errors.ts";

/**
 * A core trapped, so its memory may hold half a result: drop the instance and make another. The
 * error's code is `core-trap`, and its cause the runtime's own error.
 */
export class CoreTrapError extends TributaryError {
  /**
   * Tells of a trap.
   *
   * @param cause What the runtime threw, usually a `WebAssembly.RuntimeError`.
   */
  constructor(cause: unknown) {
    const found = cause instanceof Error ? cause.message : String(cause);
    super("core-trap", `Cannot use a core that trapped: ${found}; a new instance is needed`, {
      cause,
    });
  }
}

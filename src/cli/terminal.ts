/**
 * Where commands print: the one thing of the terminal that they are given.
 *
 * @module
 */
import type { Writable } from "node:stream";

/** Standard output and error, as a command sees them. */
export interface Terminal {
  /** Takes a line of text without its end, for standard output. */
  print(line: string): void;
  /** Takes a line of text without its end, for standard error. */
  warn(line: string): void;
  /** Whether a person watches standard output: only then are bars drawn. */
  readonly live: boolean;
  /** Standard output as a stream, for bars. */
  readonly stream: Writable;
}

/**
 * Secrets of servers that are deployed with them as texts, where there are no files.
 *
 * @module
 */
import { fromBase64 } from "../src/core/bytes.ts";
import type { ParentOptions } from "./region/region.ts";

/** A task at an aggregator that a region sums for. */
export interface ParentTask extends ParentOptions {
  /** Digest of the task. */
  readonly task: string;
}

/**
 * The bytes of a private key: PKCS #8 as base64, of either alphabet, padded or not.
 *
 * @param name Of the secret, for the error, which never tells any of it.
 * @throws {TypeError} If it is something else.
 */
export function readKeySecret(name: string, text: string): Uint8Array<ArrayBuffer> {
  const standard = text.replaceAll(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const bare = standard.replace(/=+$/, "");
  try {
    if (bare === "") throw new RangeError("nothing");
    return fromBase64(bare + "=".repeat((4 - bare.length % 4) % 4));
  } catch {
    // Without its cause, which may quote the key.
    throw new TypeError(`Cannot read the secret ${name}: expected a PKCS #8 key as base64`);
  }
}

/**
 * The tasks that a region takes part in: addresses of tasks at their aggregators, one a line or more,
 * each with the token that its aggregator asks for, if it does, behind a `#`.
 *
 *     https://root.example/v1/tasks/<64 hex digits>#<token>
 *
 * @param name Of the secret, for the error, which never tells any of it.
 * @throws {TypeError} If one is something else, there is none, or a task is there twice.
 */
export function readParentsSecret(name: string, text: string): ParentTask[] {
  const parents = text.split(/\s+/).filter((word) => word !== "").map((word) => {
    const match = /^(https?:\/\/[^\s?#]+?)\/v1\/tasks\/([0-9a-f]{64})(?:#([\x21-\x7e]{1,512}))?$/
      .exec(word);
    const [, url, task, token] = match ?? [];
    if (url === undefined || task === undefined || !URL.canParse(url)) refuse(name);
    return token === undefined ? { url, task } : { url, task, token };
  });
  if (parents.length === 0) refuse(name);
  if (new Set(parents.map(({ task }) => task)).size < parents.length) refuse(name);
  return parents;
}

function refuse(name: string): never {
  throw new TypeError(
    `Cannot read the secret ${name}: expected addresses of tasks, each once, such as ` +
      `https://root.example/v1/tasks/<64 hex digits>#<token>`,
  );
}

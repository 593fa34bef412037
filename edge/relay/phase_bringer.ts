/**
 * Who may bring whose messages of `secagg_plus` to the root.
 *
 * @module
 */
import { TributaryError } from "../../src/core/errors.ts";
import type { Share } from "../../src/wire/sampling.ts";
import type { PhaseWord } from "./phase_host.ts";

/** What a root knows of who brings messages. */
export interface Bringing {
  /** What the bringer may send in the round; undefined if it is not asked. */
  readonly share: Share | undefined;
  /** Who brought each client's keys. */
  readonly brought: ReadonlyMap<string, string>;
}

/**
 * Checks that a member of the root may bring a client's message: it is asked, it brought the client's
 * keys, and keys of no more clients than its share.
 *
 * @throws {TributaryError} `not-asked`, `phase-conflict` or `round-full`.
 */
export function checkBringer(
  { phase, member, sender }: Pick<PhaseWord, "phase" | "member" | "sender">,
  { share, brought }: Bringing,
): void {
  if (share === undefined || share.clients === 0) {
    throw new TributaryError("not-asked", `Cannot take a message of ${sender}: it is not asked`);
  }
  const before = brought.get(member);
  if (before !== undefined && before !== sender) {
    throw new TributaryError(
      "phase-conflict",
      `Cannot take a message of ${member} from ${sender}: ${before} brought its keys`,
    );
  }
  if (phase !== "advertise" || before !== undefined) return;
  const others = [...brought.values()].filter((id) => id === sender).length;
  if (others < share.clients) return;
  throw new TributaryError(
    "round-full",
    `Cannot take more keys from ${sender}: ${others} came, expected at most ${share.clients}`,
  );
}

/**
 * The sid: everything that is sent in a round is bound to it, and it to everything that defines the
 * round.
 *
 * @module
 */
import { concatBytes, fromHex, toHex, utf8 } from "../core/bytes.ts";
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import { canonicalBytes } from "../core/json.ts";
import type { OpenRound } from "./round_info.ts";
import type { Task } from "./task.ts";

/** What a sid binds. Digests are hex. */
export interface Session {
  /** Digest of the task. */
  readonly task: string;
  /** Number of the round. */
  readonly round: number;
  /** Digest of the model that the round starts from. */
  readonly model: string;
  /** {@link planDigest} of the task. */
  readonly plan: string;
  /** Merkle root of the root's roster. */
  readonly roster: string;
  /** 32 random bytes, drawn anew for each round. */
  readonly beacon: string;
}

/**
 * The sid, hex: SHA-256 of `"tributary/1" ‖ task ‖ round ‖ model ‖ plan ‖ roster ‖ beacon`, where the
 * round takes 8 bytes, big-endian, and everything else its 32.
 */
export async function sessionId(session: Session, digest: Digest = webDigest): Promise<string> {
  const round = new Uint8Array(8);
  new DataView(round.buffer).setBigUint64(0, BigInt(session.round));
  const parts = [
    utf8("tributary/1"),
    fromHex(session.task),
    round,
    fromHex(session.model),
    fromHex(session.plan),
    fromHex(session.roster),
    fromHex(session.beacon),
  ];
  return toHex(await digest(concatBytes(parts)));
}

/**
 * Digest of all that a task says of aggregation, hex: SHA-256 of the canonical JSON of
 * `{clients, mask, privacy, update}`, without `privacy` where the task has none.
 */
export async function planDigest(
  task: Task,
  digest: Digest = webDigest,
): Promise<string> {
  const { clients, mask, privacy, update } = task;
  return toHex(
    await digest(canonicalBytes({ clients, mask, update, ...(privacy && { privacy }) })),
  );
}

/**
 * The sid of one group of a masked round, hex: SHA-256 of `"tributary/group/1" ‖ sid ‖ LE32(group)`.
 * What its clients mask, seal and sign is bound to it, so that no group can be opened as another.
 */
export async function groupSession(
  sid: string,
  group: number,
  digest: Digest = webDigest,
): Promise<string> {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, group, true);
  return toHex(await digest(concatBytes([utf8("tributary/group/1"), fromHex(sid), number])));
}

/**
 * Checks that a round's sid is the one of its own fields and the plan.
 *
 * @throws {TributaryError} `peer-invalid` when it is another.
 */
export async function checkSession(
  info: OpenRound,
  plan: string,
  digest: Digest = webDigest,
): Promise<void> {
  const { task, round, roster, beacon, model, sid } = info;
  const expected = await sessionId(
    { task, round, model: model.digest, plan, roster, beacon },
    digest,
  );
  if (sid !== expected) {
    throw new TributaryError(
      "peer-invalid",
      `Cannot take part in round ${round}: its sid is ${sid}, expected ${expected}`,
    );
  }
}

/**
 * The messages of `secagg_plus` in the root's store: each in a slice of its own, written together with
 * the task's record, so that of two only the first one counts, and counts for good.
 *
 *     phase/<round>/secret              32 bytes of the root
 *     phase/<round>/<phase>/<member>    id of who brought it ‖ message
 *     phase/<round>/closed/<phase>      the phase is over
 *
 * @module
 */
import { concatBytes, fromBase64Url, toBase64Url } from "../../src/core/bytes.ts";
import { UP_PHASES, type UpPhase } from "../../src/wire/phase.ts";
import type { RoundStore, SliceRow } from "../store.ts";

const PREFIX = "phase/";
/** Bytes of an id. */
const ID_BYTES = 32;

/** A message as it is kept. */
export interface KeptMessage {
  /** Which. */
  readonly phase: UpPhase;
  /** Whose. */
  readonly member: string;
  /** Which member brought it. */
  readonly sender: string;
  /** Its bytes. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** What is kept of a round. */
export interface KeptPhases {
  /** The root's secret; undefined before it was drawn. */
  readonly secret: Uint8Array | undefined;
  /** All messages. */
  readonly messages: readonly KeptMessage[];
  /** Phases that are over. */
  readonly closed: ReadonlySet<string>;
}

/** The row of the root's secret. */
export function secretRow(round: number, secret: Uint8Array): SliceRow {
  return { name: `${PREFIX}${round}/secret`, index: 0, bytes: secret };
}

/** The row of a message. */
export function messageRow(round: number, kept: KeptMessage): SliceRow {
  const { phase, member, sender, message } = kept;
  const bytes = concatBytes([fromBase64Url(sender), message]);
  return { name: `${PREFIX}${round}/${phase}/${member}`, index: 0, bytes };
}

/** The row that ends a phase. */
export function closedRow(round: number, phase: UpPhase): SliceRow {
  return { name: `${PREFIX}${round}/closed/${phase}`, index: 0, bytes: Uint8Array.of(1) };
}

/** Reads what is kept of a round. */
export async function readPhases(
  store: RoundStore,
  task: string,
  round: number,
): Promise<KeptPhases> {
  const prefix = `${PREFIX}${round}/`;
  const closed = new Set<string>();
  const messages: KeptMessage[] = [];
  let secret: Uint8Array | undefined;
  for (const name of await store.sliceNames(task, prefix)) {
    const [first = "", member = ""] = name.slice(prefix.length).split("/");
    const phase = UP_PHASES.find((it) => it === first);
    if (first === "closed") closed.add(member);
    const bytes = await store.slice(task, name, 0);
    if (bytes === undefined) continue;
    if (first === "secret") secret = bytes.slice();
    if (phase === undefined) continue;
    const sender = toBase64Url(bytes.subarray(0, ID_BYTES));
    messages.push({ phase, member, sender, message: bytes.slice(ID_BYTES) });
  }
  return { secret, messages, closed };
}

/** Names of all that is kept of rounds other than one. */
export async function otherPhases(
  store: RoundStore,
  task: string,
  round: number,
): Promise<readonly string[]> {
  const names = await store.sliceNames(task, PREFIX);
  return names.filter((name) => !name.startsWith(`${PREFIX}${round}/`));
}

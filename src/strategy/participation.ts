/**
 * How often a client takes part, kept by the client itself.
 *
 * What correlated noise promises a client rests on how often and how soon it comes again. A server
 * could count for it, but the client would have to take its word for that; what the device keeps binds
 * any server. A client that comes more often than it may gives away its own data, and nobody else's.
 *
 * @module
 */
import { TributaryError } from "../core/errors.ts";
import type { DeviceState } from "../core/trainer.ts";
import type { ClientHalf } from "./client_half.ts";

/** How often a client takes part. */
export interface ParticipationRule {
  /** Models from one that it trained on to the next, at least. */
  readonly separation: number;
  /** Models that it trains on, at most. */
  readonly participations: number;
}

/** Name of what the device keeps: the last model's version, then how many there were, as LE32. */
export const ATTENDANCE_KEY = "privacy/participation";

/** What a device remembers of its rounds. */
export interface Attendance {
  /** Version of the last model that it trained on. */
  readonly version: number;
  /** Models that it trained on. */
  readonly count: number;
}

/**
 * Whether a client may train on a model. The model that it trained on last it may train on again: that
 * round was abandoned, and of one model only one sum is ever opened.
 */
export function mayTakePart(
  version: number,
  { last, rule }: { readonly last: Attendance | undefined; readonly rule: ParticipationRule },
): boolean {
  if (last === undefined || version === last.version) return true;
  return version >= last.version + rule.separation && last.count < rule.participations;
}

/** What a device remembers once it trains on a model: what it did, where that was its last one. */
export function attended(version: number, last: Attendance | undefined): Attendance {
  return last?.version === version ? last : { version, count: (last?.count ?? 0) + 1 };
}

/**
 * A strategy's client half that sits out the rounds that the rule forbids. A round counts from its
 * beginning, whatever becomes of the update.
 *
 * @param half What the client does besides, if anything.
 */
export function participating(half: ClientHalf | undefined, rule: ParticipationRule): ClientHalf {
  return {
    needs: half?.needs ?? [],
    async begin(start) {
      const { version, state } = start;
      const last = await readAttendance(state);
      if (!mayTakePart(version, { last, rule })) {
        throw new TributaryError(
          "nothing-to-send",
          `Cannot take part from model ${version}: this client has trained on ${last?.count} models, ` +
            `the last of them ${last?.version}, expected at most ${rule.participations}, ` +
            `${rule.separation} or more apart`,
        );
      }
      const next = attended(version, last);
      if (next !== last) await state.set(ATTENDANCE_KEY, bytesOf(next));
      return await half?.begin(start) ?? {};
    },
  };
}

/** What a device remembers of its rounds; undefined before the first. */
export async function readAttendance(state: DeviceState): Promise<Attendance | undefined> {
  const bytes = await state.get(ATTENDANCE_KEY);
  return bytes === undefined ? undefined : attendanceOf(bytes);
}

/**
 * Reads what a device keeps under {@link ATTENDANCE_KEY}.
 *
 * @throws {TributaryError} `bad-data` if it is nothing of the kind.
 */
export function attendanceOf(bytes: Uint8Array): Attendance {
  if (bytes.length !== 8) {
    throw new TributaryError(
      "bad-data",
      `Cannot read "${ATTENDANCE_KEY}" of this device: it has ${bytes.length} bytes, expected 8`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return { version: view.getUint32(0, true), count: view.getUint32(4, true) };
}

function bytesOf({ version, count }: Attendance): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version, true);
  view.setUint32(4, count, true);
  return bytes;
}

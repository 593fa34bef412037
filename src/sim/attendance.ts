/**
 * Which devices sit a round out by themselves, as the task's privacy asks of them: known before the
 * round is played, as a live region would hear of it in the round.
 *
 * @module
 */
import {
  type Attendance,
  ATTENDANCE_KEY,
  attendanceOf,
  attended,
  mayTakePart,
  type ParticipationRule,
} from "../strategy/participation.ts";
import type { KeptValue } from "./device_states.ts";
import type { RoundFates } from "./faults.ts";
import type { TrainingPart } from "./play_round.ts";

/** Who has trained on which models. */
export interface Attendances {
  /** The fates of a round over model `version`, in which devices that may not train abstain. */
  fates(drawn: RoundFates, version: number): RoundFates;
  /** Takes note of who trained on model `version`. */
  note(trainings: readonly TrainingPart[], version: number): void;
}

/**
 * Remembers who has trained on what.
 *
 * @param rule Of the task; where there is none nobody sits out.
 * @param kept What devices kept of an earlier start.
 */
export function attendances(
  rule: ParticipationRule | undefined,
  kept: readonly KeptValue[],
): Attendances {
  const last = new Map<number, Attendance>();
  for (const { client, key, value } of kept) {
    if (key === ATTENDANCE_KEY) last.set(client, attendanceOf(value));
  }
  return {
    fates(drawn, version) {
      if (rule === undefined) return drawn;
      const devices = drawn.devices.map((fate, client) => {
        const isFree = mayTakePart(version, { last: last.get(client), rule });
        return fate.does === "nothing" || isFree ? fate : { ...fate, does: "abstain" } as const;
      });
      return { ...drawn, devices };
    },
    note(trainings, version) {
      if (rule === undefined) return;
      for (const { client } of trainings) last.set(client, attended(version, last.get(client)));
    },
  };
}

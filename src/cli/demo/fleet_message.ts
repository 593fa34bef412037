/**
 * What passes between the command and the thread that its clients run in.
 *
 * @module
 */
import type { PersonExamples } from "../../models/model.ts";

/** One simulated device: a person's own ratings, and a key pair. */
export interface FleetClient {
  /** Original id of the person. */
  readonly person: string;
  /** Address of the region that it joins. */
  readonly region: string;
  /** PKCS #8 bytes of its identity. */
  readonly pkcs8: Uint8Array;
  /** What only it has. */
  readonly examples: PersonExamples;
}

/** To the thread: begin. */
export interface FleetStart {
  /** Tells the messages apart. */
  readonly kind: "start";
  /** Digest of the task. */
  readonly task: string;
  /** Token of the regions. */
  readonly token: string;
  /** Everything that is drawn comes from it. */
  readonly seed: Uint8Array;
  /** File of the devices' private state. */
  readonly stateFile: string;
  /** How many devices work at a time. */
  readonly atOnce: number;
  /** The devices. */
  readonly clients: readonly FleetClient[];
}

/** To the thread. */
export type FleetCommand = FleetStart | { readonly kind: "stop" };

/** From the thread. */
export type FleetEvent =
  /** Another device has joined its region. */
  | { readonly kind: "joined" }
  /** A device's update is in the sum. */
  | {
    readonly kind: "sent";
    readonly round: number;
    readonly bytesSent: number;
    readonly bytesReceived: number;
  }
  /** A device's update is not in the sum. */
  | { readonly kind: "missed"; readonly round: number; readonly reason: string }
  /** All devices are done, or were stopped. */
  | { readonly kind: "ended" }
  /** A device failed for good. */
  | { readonly kind: "failed"; readonly detail: string };

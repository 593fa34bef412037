/**
 * A client's own check that a round asks it.
 *
 * @module
 */
import { type Digest, webDigest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { OpenRound } from "../wire/round_info.ts";
import type { Sampling } from "../wire/sampling.ts";
import { sampleFractions } from "./fraction.ts";

/** Who checks, and by what. */
export interface AskedOptions {
  /** Id of the client. */
  readonly id: string;
  /** The task's way to sample. */
  readonly sampling: Sampling;
  /** SHA-256; WebCrypto's by default. */
  readonly digest?: Digest;
}

/**
 * Whether a round asks this client, by its region's word and by its own sum: a region can leave a
 * client out, but cannot have one train that the sample does not hold.
 *
 * @throws {TributaryError} `peer-invalid` if the region asks it though its fraction is not below the
 * threshold, or by a threshold above the task's rate.
 */
export async function isAsked(info: OpenRound, options: AskedOptions): Promise<boolean> {
  const { id, sampling, digest = webDigest } = options;
  const { threshold, share, sid, round } = info;
  if (share === undefined || share.clients === 0) return false;
  const most = sampling.kind === "poisson" ? sampling.rate : 1;
  if (threshold > most) {
    refuse(round, `its clients are chosen below ${threshold}, expected at most ${most}`);
  }
  const fraction = await sampleFractions(sid, digest)(id);
  if (fraction >= threshold) {
    refuse(round, `this client's fraction is ${fraction}, expected one below ${threshold}`);
  }
  return true;
}

function refuse(round: number, found: string): never {
  throw new TributaryError("peer-invalid", `Cannot take part in round ${round}: ${found}`);
}

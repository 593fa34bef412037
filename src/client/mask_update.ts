/**
 * From a parcel that only its device may see to one that may travel, with what proves whose it is.
 *
 * @module
 */
import { fromHex } from "../core/bytes.ts";
import { type Digest, slicesDigest } from "../core/digest.ts";
import type { MaskedParcel } from "../mask/mask.ts";
import { encodeSubmission } from "../wire/evidence.ts";
import type { UpdateUpload } from "../wire/peer.ts";
import type { OpenRound } from "../wire/round_info.ts";
import { groupSession } from "../wire/session_id.ts";
import { EVIDENCE_SLICE_BYTES } from "../wire/update_headers.ts";
import type { PhaseSession } from "./phases.ts";
import type { Part } from "./take_part.ts";

/** Which round a parcel is for, and whose it is. */
export interface MaskUpdateOptions {
  /** The round. */
  readonly round: OpenRound;
  /** Group of the round; 0 where nothing is masked. */
  readonly group: number;
  /** The device. */
  readonly part: Pick<
    Part,
    "aggregate" | "digest" | "identity" | "mask" | "maskPlan" | "random" | "task"
  >;
  /** The device's part in the phases of the masks, where these have some. */
  readonly session?: PhaseSession | undefined;
}

/**
 * Masks a parcel under secrets that are drawn for it alone. What comes of it is to be sent as it is,
 * however often: two parcels under one key would give away their difference.
 */
export async function maskUpdate(
  parcel: Uint8Array,
  { round, group, part, session }: MaskUpdateOptions,
): Promise<Pick<UpdateUpload, "parcel" | "slices" | "evidence">> {
  const { aggregate, digest, identity, mask, maskPlan, random, task } = part;
  const sid = await groupSession(round.sid, group, digest);
  const context = { sid: fromHex(sid), client: identity.id, digest, random };
  const { parcel: masked, slices, digest: tree, envelopes } = session === undefined
    ? await mask.mask(aggregate, parcel, context)
    : await inPhases(session, parcel, { sliceBytes: mask.ring.sliceBytes, digest });
  if (maskPlan.kind === "none") return { parcel: masked, slices };
  const evidence = await encodeSubmission({
    ...{ task, round: round.round, sid, identity, envelopes },
    digest: tree,
    hash: digest,
  });
  const { tree: evidenceTree } = await slicesDigest(evidence, {
    sliceBytes: EVIDENCE_SLICE_BYTES,
    digest,
  });
  return {
    ...{ parcel: masked, slices },
    evidence: { bytes: evidence.length, digest: evidenceTree, chunks: () => [evidence] },
  };
}

/** Masked by what was agreed on before: no envelopes go with it. */
async function inPhases(
  session: PhaseSession,
  parcel: Uint8Array,
  { sliceBytes, digest }: { readonly sliceBytes: number; readonly digest: Digest },
): Promise<MaskedParcel> {
  const masked = await session.mask(parcel);
  const { slices, tree } = await slicesDigest(masked, { sliceBytes, digest });
  return { parcel: masked, slices, digest: tree, envelopes: [] };
}

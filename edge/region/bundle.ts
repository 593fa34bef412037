/**
 * What a region proves its sum with: its own word, and the evidence of each member in it.
 *
 * @module
 */
import { fromHex } from "../../src/core/bytes.ts";
import { type Digest, treeDigest } from "../../src/core/digest.ts";
import type { RoundFacts } from "../../src/round/record.ts";
import { encodeBundle } from "../../src/wire/evidence.ts";
import { groupSession } from "../../src/wire/session_id.ts";
import { EVIDENCE_SLICE_BYTES } from "../../src/wire/update_headers.ts";
import type { UploadEvidence } from "../../src/wire/upload_body.ts";
import { readEvidence } from "../upload/kept_evidence.ts";
import type { SealedSum } from "../sum/sealed_sum.ts";
import type { TaskLife } from "../task/task_life.ts";
import type { World } from "../world.ts";

/** The evidence of a region's sum, which is read from the store as often as it is sent. */
export async function bundleOf(
  world: World,
  life: TaskLife,
  { facts, sum }: { readonly facts: RoundFacts; readonly sum: SealedSum },
): Promise<UploadEvidence> {
  const { store, identity, digest } = world;
  const { round, clients } = facts;
  const { updates, members } = sum;
  const own = await encodeBundle({
    ...{ identity, task: life.id, round, clients, members },
    sid: await groupSession(facts.sid, facts.group ?? 0, digest),
    digest: fromHex(sum.digest),
    count: updates.length,
  });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield own;
    yield* readEvidence(store, life.id, updates);
  }
  return {
    bytes: updates.reduce((all, { evidence }) => all + (evidence?.bytes ?? 0), own.length),
    digest: await chunksDigest(chunks(), digest),
    chunks,
  };
}

/** Tree digest of evidence, however it is cut. */
async function chunksDigest(
  chunks: AsyncIterable<Uint8Array>,
  digest: Digest,
): Promise<Uint8Array> {
  const digests: Uint8Array[] = [];
  const slice = new Uint8Array(EVIDENCE_SLICE_BYTES);
  let filled = 0;
  const take = async () => {
    digests.push(await digest(slice.slice(0, filled)));
    filled = 0;
  };
  for await (let rest of chunks) {
    while (rest.length > 0) {
      const part = rest.subarray(0, slice.length - filled);
      slice.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled === slice.length) await take();
    }
  }
  if (filled > 0) await take();
  return await treeDigest(digests, digest);
}

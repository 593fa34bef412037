/**
 * Whether the evidence of an upload vouches for just that upload.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { CheckOf } from "../../src/core/identity.ts";
import { type EvidenceLayout, submissionBytes } from "../../src/wire/evidence.ts";
import { evidenceSource } from "../../src/wire/evidence_source.ts";
import type { StatementRound } from "../../src/wire/statement.ts";
import type { EvidenceHead } from "../../src/wire/update_headers.ts";
import { type ProvenClient, verifyEvidence } from "../../src/wire/verify_evidence.ts";
import type { MemberRow } from "../store.ts";
import type { Announced } from "../task/task_host.ts";
import { mostEvidence } from "../task/task_form.ts";

/**
 * Checks how much evidence a member announces: a client's has one length, a region's is bounded by the
 * clients that it sends for.
 *
 * @throws {TributaryError} `length-mismatch` or `body-too-long`.
 */
export function checkEvidenceLength(
  { kind }: Pick<MemberRow, "kind">,
  { clients, evidence }: { readonly clients: number; readonly evidence?: EvidenceHead },
  layout: EvidenceLayout | undefined,
): void {
  if (layout === undefined || evidence === undefined) return;
  const { bytes } = evidence;
  const most = kind === "client" ? submissionBytes(layout) : mostEvidence(layout, clients);
  if (bytes > most) {
    throw new TributaryError(
      "body-too-long",
      `Cannot take an update: ${bytes} bytes of evidence are announced, expected at most ${most}`,
    );
  }
}

/** What evidence is checked against. */
export interface CheckEvidenceOptions extends StatementRound {
  /** The upload that it came with. */
  readonly upload: Announced;
  /** How long the envelopes of the task's clients are. */
  readonly layout: EvidenceLayout;
  /** SHA-256. */
  readonly digest: Digest;
  /** How signatures are checked. */
  readonly checkOf: CheckOf;
  /** Checks more of each client. */
  visit(client: ProvenClient): Promise<void> | undefined;
}

/**
 * Checks every signature of an upload's evidence, and that what it proves is what the upload's headers
 * say: whose it is, of which parcel, for how many clients and which members.
 *
 * @param chunks All of it, cut anywhere.
 * @throws {TributaryError} `evidence-malformed`, `evidence-refused` or `member-repeated`, and what
 * `visit` throws.
 */
export async function checkEvidence(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: CheckEvidenceOptions,
): Promise<void> {
  const { task, round, sid, layout, digest, checkOf, visit } = options;
  const { member, head } = options.upload;
  const source = evidenceSource(chunks, head.evidence?.bytes ?? 0);
  const proof = await verifyEvidence(source, {
    ...{ task, round, sid },
    ...layout,
    hash: digest,
    checkOf,
    seen: new Set(),
    visit,
  });
  if (source.left > 0) {
    throw new TributaryError(
      "evidence-malformed",
      `Cannot read evidence: it goes on for ${source.left} bytes after its last node`,
    );
  }
  const expected = {
    member,
    digest: toHex(head.digest),
    clients: head.clients,
    members: head.members,
  };
  for (const [name, value] of Object.entries(expected)) {
    const found = proof[name as keyof typeof expected];
    if (found === value) continue;
    throw new TributaryError(
      "evidence-refused",
      `Cannot trust evidence: its ${name} is ${found ?? "none"}, expected ${value ?? "none"}`,
    );
  }
}

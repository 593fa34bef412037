/**
 * A world that is over, held against its rules.
 *
 * @module
 */
import { toHex } from "../../src/core/bytes.ts";
import { slicesDigest } from "../../src/core/digest.ts";
import type { NamedTensors } from "../../src/core/tensor.ts";
import { nativeDigest } from "../../edge/deno/mod.ts";
import { beginModel, stepModel } from "../../edge/root/step_model.ts";
import type { UpdateRow } from "../../edge/store.ts";
import type { Strategy } from "../../src/strategy/strategy.ts";
import type { UpdateChain } from "../../src/update/chain.ts";
import type { LogEntry, LogEvent } from "../../src/wire/log.ts";
import { membersRoot } from "../../src/wire/merkle.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import type { Task } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import type { Ledger } from "./ledger.ts";

/** An aggregator at the end of its world. */
export interface Judged {
  /** What the trace calls it. */
  readonly name: string;
  /** Id of its identity. */
  readonly id: string;
  /** Raw public key, base64url. */
  readonly publicKey: string;
  /** Its parent's id; a root has none. */
  readonly parent: string | undefined;
  /** Its log. */
  readonly log: readonly LogEntry[];
}

/** A world at its end. */
export interface EndedWorld {
  readonly task: Task;
  readonly ledger: Ledger;
  /** Root first. */
  readonly aggregators: readonly Judged[];
  /** The model that the task began with. */
  readonly initial: NamedTensors;
  readonly strategy: Strategy;
  readonly chain: UpdateChain;
}

type Published = Extract<LogEvent, { kind: "published" }>;
type RoundEntry = Extract<LogEvent, { sid: string }>;

/** Blames whatever does not hold. */
export async function judge(world: EndedWorld): Promise<void> {
  await checkLogs(world);
  await checkPublished(world);
  checkReceipts(world);
}

function roundsOf({ log }: Judged): RoundEntry[] {
  return log.map(({ body }) => body.event).filter((event) => "sid" in event);
}

async function checkLogs({ task, ledger, aggregators }: EndedWorld): Promise<void> {
  for (const { name, log, publicKey } of aggregators) {
    try {
      await verifyLog(log, { task, signer: publicKey, digest: nativeDigest });
    } catch (error) {
      ledger.blame("log-invalid", `${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** Updates of an aggregator's round, of the groups that were opened. */
function includedAt(
  { ledger }: EndedWorld,
  id: string,
  { round, groups }: { readonly round: number; readonly groups?: Published["groups"] },
): readonly UpdateRow[] {
  const isOpen = (group: number) =>
    groups === undefined || groups.some((it) => it.group === group && it.outcome === "opened");
  return ledger.rows(id, round).filter(({ group = 0 }) => isOpen(group));
}

/** Clients that a published sum is made of, down the tree; a client as often as it is counted. */
async function clientsIn(world: EndedWorld, event: Published): Promise<string[]> {
  const { ledger, aggregators } = world;
  const clients: string[] = [];
  const visit = async (rows: readonly UpdateRow[]): Promise<void> => {
    for (const row of rows) {
      const region = aggregators.find(({ id }) => id === row.member);
      if (region === undefined) {
        clients.push(row.member);
        continue;
      }
      const below = ledger.rows(region.id, event.round);
      if (await membersRoot(below, nativeDigest) !== row.members) {
        ledger.blame(
          "wrong-sum",
          `round ${event.round}: ${region.name} sent what it does not have`,
        );
      }
      await visit(below);
    }
  };
  await visit(includedAt(world, aggregators[0]?.id ?? "", event));
  return clients;
}

async function checkPublished(world: EndedWorld): Promise<void> {
  const { task, ledger, aggregators: [root], initial, strategy, chain } = world;
  if (root === undefined) return;
  let model = await beginModel(initial, { strategy, digest: nativeDigest });
  const sids = new Set<string>();
  for (const event of roundsOf(root)) {
    if (event.kind !== "published") continue;
    const { round, sid } = event;
    if (sids.has(sid)) ledger.blame("opened-twice", `round ${round} was published twice`);
    sids.add(sid);
    const clients = await clientsIn(world, event);
    if (new Set(clients).size !== clients.length || clients.length !== event.clients) {
      const distinct = new Set(clients).size;
      ledger.blame(
        "counted-twice",
        `round ${round}: ${event.clients} clients are counted, ${clients.length} updates of ` +
          `${distinct} clients are in it`,
      );
    }
    const sum = sumOf(world, round, clients);
    if (sum === undefined) return;
    const { tree } = await slicesDigest(sum, { sliceBytes: 1 << 20, digest: nativeDigest });
    if (task.mask.kind === "none" && toHex(tree) !== event.sum) {
      ledger.blame("wrong-sum", `round ${round}: the sum is not that of its updates`);
    }
    const { model: before, state } = model;
    const version = event.model.version;
    const step = { strategy, chain, sum, clients: clients.length, digest: nativeDigest };
    model = await stepModel({ ...step, model: before, state, version });
    if (model.info.digest !== event.model.digest) {
      ledger.blame("wrong-model", `round ${round}: the model is not the step of its updates`);
      return;
    }
  }
}

/** The sum of what clients had to add; undefined if one is in it that never trained. */
function sumOf(
  { ledger }: EndedWorld,
  round: number,
  clients: readonly string[],
): Uint8Array<ArrayBuffer> | undefined {
  let sum: Uint32Array<ArrayBuffer> | undefined;
  for (const client of clients) {
    const parcel = ledger.parcel(client, round);
    if (parcel === undefined) {
      ledger.blame("wrong-sum", `round ${round}: a client is in it that never trained`);
      return undefined;
    }
    const words = new Uint32Array(parcel.buffer, parcel.byteOffset, parcel.length / 4);
    sum ??= new Uint32Array(words.length);
    for (const [at, word] of words.entries()) sum[at] = (sum[at] ?? 0) + word;
  }
  return sum && new Uint8Array(sum.buffer);
}

/** Where each update went that somebody has a receipt for. */
function checkReceipts(world: EndedWorld): void {
  const { ledger, aggregators } = world;
  for (const receipt of ledger.receipts.values()) {
    const holder = aggregators.find(({ id }) => id === receipt.region);
    if (holder === undefined) {
      ledger.blame("lost-update", "a receipt is of a region that nobody knows");
      continue;
    }
    const lost = whereLost(world, holder, receipt);
    if (lost !== undefined) ledger.blame("lost-update", `round ${receipt.round}: ${lost}`);
  }
}

/** Where an acknowledged update was lost; undefined if it was not. */
function whereLost(
  { ledger }: EndedWorld,
  holder: Judged,
  { round, sid, member, digest }: Receipt,
): string | undefined {
  const events = roundsOf(holder).filter((event) => event.round === round && event.sid === sid);
  if (events.some(({ kind }) => kind === "abandoned")) return undefined;
  if (events.length === 0) return `${holder.name} has acknowledged, and nothing came of the round`;
  const row = ledger.rows(holder.id, round).find((row) => row.member === member);
  if (row?.digest === digest && row.sid === sid) return undefined;
  return `${holder.name} has acknowledged what is not in its sum`;
}

/**
 * What an observer of a whole world writes down, who sees every message and every write that became
 * durable: what the world is judged by in the end.
 *
 * @module
 */
import { equalBytes, toHex } from "../../src/core/bytes.ts";
import { promptDigest } from "../../src/core/digest.ts";
import { isTributaryError } from "../../src/core/errors.ts";
import type { LogLine } from "../../edge/logger.ts";
import type { StoreChange, UpdateRow } from "../../edge/store.ts";
import type { TaskRecord } from "../../edge/task/task_state.ts";
import { type AskHead, LENGTH_BYTES, readLength } from "../../src/wire/helper_head.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import type { Machine } from "./machine.ts";
import type { Answered, Sent, Witness } from "./network.ts";
import type { Rule, Violation } from "./violation.ts";

/** An observer's notes. */
export interface Ledger extends Witness {
  /** Broken rules that showed while the world went on. */
  readonly violations: readonly Violation[];
  /** Every receipt that arrived at whoever it was for. */
  readonly receipts: ReadonlyMap<string, Receipt>;
  /** Notes a broken rule, once. */
  blame(rule: Rule, found: string): void;
  /** A write of an aggregator's store became durable. */
  written(by: { readonly name: string; readonly id: string }, change: StoreChange): void;
  /** Notes a receipt of its holder's. */
  received(receipt: Receipt): void;
  /** Who has given a member its receipts. */
  region(member: string): string | undefined;
  /** Notes updates that are in an aggregator's sum. */
  noted(aggregator: string, rows: readonly UpdateRow[]): void;
  /** The durable updates of an aggregator's round. */
  rows(aggregator: string, round: number): readonly UpdateRow[];
  /** A client has trained: what it would send if nothing were masked. */
  trained(client: string, round: number, parcel: Uint8Array<ArrayBuffer>): void;
  /** What a client has to add to a round. */
  parcel(client: string, round: number): Uint8Array<ArrayBuffer> | undefined;
  /** A process says something. */
  said(name: string, line: LogLine): void;
}

const UPDATE_PATH = /\/rounds\/(\d+)\/updates\/([^/]+)$/;
/** A receipt, and the same receipt again. */
const RECEIPTS: ReadonlySet<number> = new Set([201, 200]);
const ANSWERS_PATH = /\/answers$/;
/** Answers that say nothing about an update that is known: who asked has to prove itself, or to wait. */
const UNSPOKEN: ReadonlySet<number> = new Set([401, 408, 429]);

/** Empty notes. */
export function createLedger(): Ledger {
  const violations: Violation[] = [];
  const receipts = new Map<string, Receipt>();
  const given = new Map<string, string>();
  const rounds = new Map<string, number>();
  const updates = new Map<string, Map<string, UpdateRow>>();
  const openings = new Map<string, string>();
  const parcels = new Map<string, Uint8Array<ArrayBuffer>>();

  function blame(rule: Rule, found: string): void {
    if (!violations.some((other) => other.rule === rule && other.found === found)) {
      violations.push({ rule, found });
    }
  }

  /** Notes what was opened for a session. */
  function opened(by: string, sid: string, what: string): void {
    const before = openings.get(`${by} ${sid}`) ?? what;
    openings.set(`${by} ${sid}`, before);
    if (before !== what) blame("opened-twice", `${by}, session ${sid.slice(0, 8)}`);
  }

  function answeredUpdate(request: Sent, by: Machine, { status, body }: Answered): void {
    const [, round = "", member = ""] = UPDATE_PATH.exec(request.url.pathname) ?? [];
    if (request.method !== "PUT" || member === "") return;
    const key = [request.url.host, member, round, request.headers.get("tributary-digest")].join(
      " ",
    );
    const text = new TextDecoder().decode(body);
    const before = given.get(key);
    if (RECEIPTS.has(status)) {
      const { position, sid, digest } = JSON.parse(text) as Receipt;
      const said = `${sid} ${digest} ${position}`;
      given.set(key, before ?? said);
      if (before !== undefined && before !== said) {
        blame("receipt-changed", `${by.name} gave two receipts for one update of round ${round}`);
      }
      return;
    }
    // The updates of two rounds are kept.
    const isKept = (rounds.get(request.url.host) ?? 0) <= Number(round) + 1;
    if (before === undefined || !isKept || status >= 500 || UNSPOKEN.has(status)) return;
    blame("receipt-changed", `${by.name} refused by ${status} what it has taken in round ${round}`);
  }

  function answeredAsk(request: Sent, by: Machine, { status, body }: Answered): void {
    if (!ANSWERS_PATH.test(request.url.pathname) || status !== 200 || !request.body) return;
    const end = LENGTH_BYTES + readLength(request.body);
    const head = new TextDecoder().decode(request.body.subarray(LENGTH_BYTES, end));
    const { sid, members } = JSON.parse(head) as AskHead;
    opened(by.name, sid, `${members} ${toHex(promptDigest(body))}`);
  }

  function received(receipt: Receipt): void {
    const { region, member, round, digest } = receipt;
    receipts.set(`${region} ${member} ${round} ${digest}`, receipt);
  }

  function noted(aggregator: string, rows: readonly UpdateRow[]): void {
    for (const row of rows) {
      const key = `${aggregator} ${row.round}`;
      const before = updates.get(key) ?? new Map<string, UpdateRow>();
      updates.set(key, before.set(row.member, row));
    }
  }

  return {
    violations,
    receipts,
    blame,
    given(request, by, answer) {
      answeredUpdate(request, by, answer);
      answeredAsk(request, by, answer);
      if (answer.status !== 500) return;
      const { code, detail } = JSON.parse(new TextDecoder().decode(answer.body));
      if (code !== "store-failed") blame("defect", `${by.name} answers ${code}: ${detail}`);
    },
    arrived(request, { status, body }) {
      if (request.method !== "PUT" || !UPDATE_PATH.test(request.url.pathname)) return;
      if (!RECEIPTS.has(status)) return;
      received(JSON.parse(new TextDecoder().decode(body)) as Receipt);
    },
    received,
    region: (member) => [...receipts.values()].find((it) => it.member === member)?.region,
    noted,
    written({ name, id }, { record, updates: rows = [] }) {
      const { round } = record as unknown as TaskRecord;
      rounds.set(`${name}.test`, round.round);
      noted(id, rows);
      const { phase, role } = round;
      if (role !== "root" || phase.kind !== "unmasking") return;
      opened("the root", phase.facts.sid, `${phase.sum} ${phase.members}`);
    },
    rows: (aggregator, round) => [...updates.get(`${aggregator} ${round}`)?.values() ?? []],
    trained(client, round, parcel) {
      const key = `${client} ${round}`;
      const before = parcels.get(key) ?? parcel;
      parcels.set(key, before);
      if (!equalBytes(before, parcel)) {
        blame("defect", `a client was given two models in round ${round}`);
      }
    },
    parcel: (client, round) => parcels.get(`${client} ${round}`),
    said(name, line) {
      if (line.kind !== "failure") return;
      const { error, doing } = line;
      const cause = isTributaryError(error) ? error.cause : error;
      const isOurs = isTributaryError(cause) || cause === undefined ||
        cause instanceof DOMException ||
        (cause instanceof Error && cause.message.startsWith("connection: "));
      if (!isOurs) blame("defect", `${name} fails at ${doing}: ${cause}`);
    },
  };
}

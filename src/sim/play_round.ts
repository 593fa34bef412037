/**
 * A round in virtual time: the round machine of root and regions, driven by a queue of events.
 * Nothing sleeps and nothing is sent; what comes out is who is in the root's sum, and when.
 *
 * No update is needed for that, as neither the machine nor a fate looks into one. So a round is
 * played first and trained afterwards.
 *
 * @module
 */
import TinyQueue from "tinyqueue";
import { isTributaryError } from "../core/errors.ts";
import { alarmAtMs, resume } from "../round/due.ts";
import type { RoundEffect, RoundEvent } from "../round/event.ts";
import type { RoundRecord } from "../round/record.ts";
import { step } from "../round/step.ts";
import { roundInfo } from "../round/view.ts";
import type { AbandonReason } from "../wire/log.ts";
import type { DeviceFate, RoundFates } from "./faults.ts";
import type { TreeSample } from "./sample_tree.ts";
import type { TreeShape } from "./tree_shape.ts";
import { recordOf, rootOf, type TreeState } from "./virtual_tree.ts";

/** A client that trains in a round, and what it leads to. */
export interface TrainingPart {
  /** Number of the client. */
  readonly client: number;
  /** Whether its region gives it a receipt. */
  readonly isAcknowledged: boolean;
  /** Whether it is in the root's sum. */
  readonly isIncluded: boolean;
}

/** How a round went, before anybody has trained. */
export interface PlayedRound {
  /** Number of the round. */
  readonly round: number;
  /** Whether there is a sum to step by, or why not. */
  readonly outcome: "sealed" | AbandonReason;
  /** Virtual milliseconds from opening to closing at the root. */
  readonly ms: number;
  /** Everyone who trains in it, by number of the client, whether it helps or not. */
  readonly trainings: readonly TrainingPart[];
  /** Clients that might have trained: what the sample comes to. */
  readonly asked: number;
  /** Of those, clients that took no part, as they or their region were away or sat the round out. */
  readonly away: number;
  /** Clients that trained and went away before they sent. */
  readonly lost: number;
  /** Clients whose training or update came too late, or found no room in the round. */
  readonly late: number;
  /** Numbers of the regions that could not be reached. */
  readonly down: readonly number[];
}

/** What a round is played with. */
export interface PlayOptions {
  /** Who stands where. */
  readonly shape: TreeShape;
  /** What becomes of everyone. */
  readonly fates: RoundFates;
  /** Who is asked. */
  readonly sample: TreeSample;
  /** Bytes of a parcel. */
  readonly parcelBytes: number;
}

/** A round that has closed at the root, and the tree after it. */
export interface Play {
  /** How it went; undefined if none opened, as the task is finished. */
  readonly played: PlayedRound | undefined;
  /** The root waits for its step if the round is sealed. */
  readonly state: TreeState;
}

/** Plays the root's next round. What is still under way when it closes comes to nothing. */
export function playRound(state: TreeState, options: PlayOptions): Play {
  return new Round(state, options).play();
}

/** What an event does to one aggregator, and when. */
type Happening =
  & {
    readonly atMs: number;
    /** Of those at the same time, the one that was foreseen first comes first. */
    readonly order: number;
    readonly node: number;
  }
  & What;

type What =
  /** The round machine hears of it. */
  | { readonly kind: "event"; readonly event: RoundEvent }
  /** A device's update arrives. */
  | { readonly kind: "device"; readonly client: number }
  /** A device says that it sits the round out. */
  | { readonly kind: "sits out" }
  /** The sum, or the word that there is none, goes to the parent. */
  | { readonly kind: "up"; readonly effect: Extract<RoundEffect, { kind: "forward" | "abstain" }> };

type Standing = "not asked" | "away" | "lost" | "late" | "acknowledged";

class Round {
  readonly #options: PlayOptions;
  readonly #records: RoundRecord[];
  readonly #busyUntilMs: number[];
  readonly #queue = new TinyQueue<Happening>(
    [],
    (one, other) => one.atMs - other.atMs || one.order - other.order,
  );
  readonly #standings: Standing[];
  readonly #trained = new Set<number>();
  /** By aggregator: the clients whose updates are in its sum. */
  readonly #held: number[][];
  readonly #state: TreeState;
  #nowMs: number;
  #foreseen = 0;
  #outcome: PlayedRound["outcome"] | undefined;

  constructor(state: TreeState, options: PlayOptions) {
    this.#options = options;
    this.#state = state;
    this.#nowMs = state.nowMs;
    this.#records = [...state.records];
    this.#busyUntilMs = [...state.busyUntilMs];
    this.#standings = state.busyUntilMs.map((_, client) =>
      options.sample.asks(client) ? "away" : "not asked"
    );
    this.#held = state.records.map(() => []);
  }

  play(): Play {
    for (const effect of resume(rootOf(this.#state))) {
      if (effect.kind === "open") {
        const { sid, drawn } = this.#options.sample;
        const root = drawn[0];
        if (root === undefined) throw new TypeError("Cannot open a round: nobody was drawn");
        // What else a sid binds is bound by nobody here.
        this.#take(0, {
          ...{ kind: "open", round: effect.round, sid, roster: "", beacon: "" },
          drawn: root,
        });
      }
    }
    while (this.#record(0).phase.kind === "open") {
      const next = this.#queue.pop();
      if (next === undefined) throw new TypeError("Cannot go on: a round waits for nothing");
      this.#nowMs = next.atMs;
      this.#happen(next);
    }
    const state = {
      nowMs: this.#nowMs,
      records: this.#records,
      busyUntilMs: this.#busyUntilMs,
    };
    return { state, played: this.#outcome && this.#played(this.#outcome) };
  }

  #happen(what: Happening): void {
    switch (what.kind) {
      case "event":
        return this.#take(what.node, what.event);
      case "device":
        return this.#arrive(what.node, what.client);
      case "sits out":
        return void this.#send(what.node, { kind: "abstain" });
      case "up":
        return this.#sendUp(what.node, what.effect);
      default:
        throw what satisfies never;
    }
  }

  #foresee(atMs: number, node: number, what: What): void {
    this.#queue.push({ atMs, order: this.#foreseen++, node, ...what });
  }

  #take(node: number, event: RoundEvent): void {
    const before = this.#record(node);
    const { record, effects } = step(before, event, this.#nowMs);
    this.#records[node] = record;
    const alarmMs = alarmAtMs(record);
    if (alarmMs !== undefined && alarmMs !== alarmAtMs(before)) {
      this.#foresee(alarmMs, node, { kind: "event", event: { kind: "tick" } });
    }
    for (const effect of effects) this.#perform(node, effect);
  }

  #perform(node: number, effect: RoundEffect): void {
    switch (effect.kind) {
      case "wake":
        if (this.#record(node).phase.kind === "open") this.#tell(node);
        return;
      case "forward":
      case "abstain":
        return this.#foresee(this.#nowMs, node, { kind: "up", effect });
      case "unmask":
        this.#outcome = "sealed";
        return this.#take(node, { kind: "unmask", round: effect.round, sum: "", members: "" });
      case "log":
        if (node === 0 && effect.event.kind === "abandoned") this.#outcome = effect.event.reason;
        return;
      case "open": // The next round is another play.
      case "publish": // Once the clients have trained.
      case "report": // Nobody comes or goes.
      case "fetch":
      case "drop":
        return;
      default:
        throw effect satisfies never;
    }
  }

  /** An aggregator that has opened a round answers everyone who waits for it. */
  #tell(node: number): void {
    const { shape, fates, sample } = this.#options;
    const record = this.#record(node);
    for (const child of shape.children[node] ?? []) {
      const info = roundInfo(record, this.#record(child).round, this.#nowMs);
      if (info === undefined || fates.down[child]) continue;
      const drawn = sample.drawn[child];
      const event = { kind: "parent", info, ...(drawn && { drawn }) } as const;
      this.#foresee(this.#nowMs, child, { kind: "event", event });
    }
    const deadlineMs = alarmAtMs(record) ?? Infinity;
    for (const client of shape.clients[node] ?? []) {
      const fate = fates.devices[client];
      if (fate !== undefined && sample.asks(client)) this.#hear(client, { node, fate, deadlineMs });
    }
  }

  #hear(
    client: number,
    { node, fate, deadlineMs }: {
      readonly node: number;
      readonly fate: DeviceFate;
      readonly deadlineMs: number;
    },
  ): void {
    if (fate.does === "nothing") return;
    if (fate.does === "abstain") return this.#foresee(this.#nowMs, node, { kind: "sits out" });
    const freeMs = Math.max(this.#nowMs, this.#busyUntilMs[client] ?? 0);
    const trainedMs = freeMs + fate.trainMs;
    if (trainedMs >= deadlineMs) {
      // The deadline ends the training.
      this.#standings[client] = "late";
      this.#busyUntilMs[client] = Math.max(freeMs, deadlineMs);
      return;
    }
    this.#trained.add(client);
    if (fate.does === "train") {
      this.#standings[client] = "lost";
      return;
    }
    this.#standings[client] = "late";
    this.#busyUntilMs[client] = trainedMs + fate.sendMs;
    this.#foresee(trainedMs + fate.sendMs, node, { kind: "device", client });
  }

  #arrive(node: number, client: number): void {
    if (!this.#send(node, { kind: "update", clients: 1 })) return;
    this.#standings[client] = "acknowledged";
    this.#held[node]?.push(client);
  }

  #sendUp(node: number, effect: Extract<What, { kind: "up" }>["effect"]): void {
    const parent = this.#options.shape.parents[node] ?? 0;
    const { kind, round } = effect;
    if (kind === "abstain") {
      this.#send(parent, { kind: "abstain" });
      return this.#take(node, { kind: "fail", round, reason: "nothing-to-send" });
    }
    if (!this.#send(parent, { kind: "update", clients: effect.clients })) {
      return this.#take(node, { kind: "fail", round, reason: "parent-refused" });
    }
    // One by one, as a call has room for some hundred thousand arguments and no more.
    for (const client of this.#held[node] ?? []) this.#held[parent]?.push(client);
    this.#take(node, { kind: "forward", round, sum: "", members: "" });
  }

  /** Whether an aggregator takes an update, or the word that there is none, for its latest round. */
  #send(node: number, word: { kind: "update"; clients: number } | { kind: "abstain" }): boolean {
    const { sample: { sid }, parcelBytes: bytes } = this.#options;
    const about = { round: this.#record(node).round, sid, awaited: true };
    try {
      this.#take(
        node,
        word.kind === "update" ? { ...word, ...about, bytes } : { ...word, ...about },
      );
      return true;
    } catch (error) {
      if (isTributaryError(error)) return false;
      throw error;
    }
  }

  #record(node: number): RoundRecord {
    return recordOf(this.#records, node);
  }

  #played(outcome: PlayedRound["outcome"]): PlayedRound {
    const included = new Set(outcome === "sealed" ? this.#held[0] : []);
    const count = (standing: Standing) =>
      this.#standings.reduce((sum, one) => sum + Number(one === standing), 0);
    return {
      round: this.#record(0).round,
      outcome,
      ms: this.#nowMs - this.#state.nowMs,
      trainings: [...this.#trained].sort((a, b) => a - b).map((client) => ({
        client,
        isAcknowledged: this.#standings[client] === "acknowledged",
        isIncluded: included.has(client),
      })),
      asked: this.#standings.length - count("not asked"),
      away: count("away"),
      lost: count("lost"),
      late: count("late"),
      down: this.#options.fates.down.flatMap((isDown, node) => isDown ? [node] : []),
    };
  }
}

/**
 * Machines that processes live on: whatever a process does that others could see goes through its
 * machine, which may die then, and takes the process up again later.
 *
 * @module
 */
import type { Clock } from "../../src/core/clock.ts";
import { TributaryError } from "../../src/core/errors.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import type { RandomSource } from "../../src/core/random.ts";
import { count } from "./coverage.ts";
import type { Dice } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a machine is for. */
export type Role = "root" | "region" | "helper" | "client";

/** A step of a process that the world outside can tell from its not having been taken. */
export type Effect = "read" | "write" | "put" | "drop" | "send" | "upload" | "answer";

/** One run of a process, from its start to its end. */
export interface Life {
  /** Name of its machine. */
  readonly name: string;
  /** Its role. */
  readonly role: Role;
  /** How many came before. */
  readonly number: number;
  /** Whether it still runs. */
  readonly isAlive: boolean;
  /** Its machine's time, which may jump. */
  readonly clock: Clock;
  /** Another stream of bytes in each life. */
  readonly random: RandomSource;
  /** Lets other work of the process go first. */
  turn(): Promise<void>;
  /** Takes a step; never resolves if the process dies at it. */
  effect<T>(kind: Effect, act: () => Promise<T> | T): Promise<T>;
  /** Calls `act` if the process dies before the function returned is called. */
  onDeath(act: () => void): () => void;
}

/** A process as its machine sees it. */
export interface Running {
  /** Answers requests. */
  readonly answer?: Fetch;
  /** Resolves once it is up; a process that cannot start ends, and is started again. */
  readonly ready: Promise<void>;
  /** Ends it in order. */
  stop?(): Promise<void>;
}

/** Something that processes can be started on. */
export interface Machine {
  readonly name: string;
  readonly role: Role;
  /** The process, unless it is down. */
  readonly life: Life | undefined;
  /** How its process answers; undefined while there is none. */
  readonly answer: Fetch | undefined;
  /** How far its clock is ahead. */
  skewMs: number;
  /** Until when its disk is full. */
  fullUntilMs: number;
  /** Where its process stands, for the count of deaths. */
  phase: string;
  start(): void;
  /** Ends its process without a word. */
  crash(why: string): void;
  /** Tells its process to end. */
  stop(): void;
}

/** What a machine is made of. */
export interface MachineOptions {
  readonly name: string;
  readonly role: Role;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  /** Whether its process may die at a step. */
  isMortal(kind: Effect): boolean;
  /** How likely a step fails at least, and as likely its process dies at it; 0 where it is no weak one. */
  weaknessOf(kind: Effect): number;
  /** How likely it stays down for long. */
  readonly longDowns: number;
  /** By how much steps of its store take longer than those of a fast one. */
  readonly slowness: number;
  /** Random bytes of each life. */
  randomOf(life: number): RandomSource;
  /** What runs on it. */
  run(life: Life): Running;
  /** What its disk loses with the power. */
  lose?(): void;
}

/** How long effects take, from and to, in milliseconds. */
const TAKES: Readonly<Record<Effect, readonly [number, number]>> = {
  read: [0, 0.5],
  write: [0.2, 6],
  put: [0.1, 2],
  drop: [0.1, 1],
  send: [0, 0.2],
  upload: [0, 0.2],
  answer: [0, 0.2],
};

/** Writes are few among the steps, and matter most. */
const WRITE_ROLLS = 4;

const STORED: ReadonlySet<Effect> = new Set(["read", "write", "put", "drop"]);
const CHANGES: ReadonlySet<Effect> = new Set(["write", "put", "drop"]);

/** A machine whose process is not started yet. */
export function createMachine(options: MachineOptions): Machine {
  const { name, role, scheduler, dice } = options;
  const never = () => new Promise<never>(() => {});
  let current:
    | { life: Life & { isAlive: boolean }; running: Running; dies: Set<() => void> }
    | undefined;
  let number = 0;

  function clockOf(life: { readonly isAlive: boolean }): Clock {
    return {
      now: () => 1_700_000_000_000 + Math.floor(scheduler.nowMs + machine.skewMs),
      sleep: (ms, { signal } = {}) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const leave = () => {
            prevent();
            reject(signal?.reason);
          };
          const prevent = scheduler.after(ms, {
            of: life,
            line: `${name} wakes`,
            act() {
              signal?.removeEventListener("abort", leave);
              resolve();
            },
          });
          signal?.addEventListener("abort", leave, { once: true });
        }),
    };
  }

  function die(kind: Effect, moment: "before" | "after"): void {
    count(dice.tally, `${role} dies ${moment} ${kind}`);
    machine.crash(`${moment} ${kind}`);
  }

  /** What a store that cannot do something says. */
  function failed(found: string): TributaryError {
    return new TributaryError("store-failed", `Cannot use the store: ${found}`);
  }

  async function act<T>(
    life: Life,
    { kind, act }: { readonly kind: Effect; readonly act: () => Promise<T> | T },
  ): Promise<T> {
    if (!life.isAlive) return await never();
    const [from, most] = TAKES[kind];
    const to = CHANGES.has(kind) ? most * options.slowness : most;
    const weakness = options.weaknessOf(kind);
    const mayDie = weakness > 0 || options.isMortal(kind);
    const rolls = kind === "write" ? WRITE_ROLLS : 1;
    const isFatal = mayDie &&
      Array.from({ length: rolls }).some(() => dice.comes("dies", weakness / rolls));
    const dies = isFatal ? dice.pick(["before", "after"] as const) : undefined;
    // What a device keeps either is there or its process is gone.
    const mayFail = STORED.has(kind) && role !== "client" && dies === undefined;
    const fails = mayFail && dice.comes("fails", weakness)
      ? dice.pick(["before", "after"] as const)
      : undefined;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const later = (outcome: () => void) =>
      scheduler.after(dice.between(0, to / 2), { of: life, act: outcome });
    async function happen(): Promise<void> {
      if (dies === "before") return die(kind, "before");
      if (CHANGES.has(kind) && role !== "client" && scheduler.nowMs < machine.fullUntilMs) {
        return reject(failed("the disk is full"));
      }
      if (fails === "before") return reject(failed("it did not answer"));
      let result: T;
      try {
        result = await act();
      } catch (error) {
        return reject(error);
      }
      if (dies === "after") return die(kind, "after");
      if (fails === "after") return void later(() => reject(failed("it broke off")));
      if (CHANGES.has(kind)) return void later(() => resolve(result));
      resolve(result);
    }
    scheduler.after(dice.between(from, to), {
      of: life,
      line: `${name} ${kind}${fails === undefined ? "" : `, which fails ${fails}`}`,
      act: () => void happen(),
    });
    return await promise;
  }

  function end(why: string): void {
    if (current === undefined) return;
    const { life, dies } = current;
    life.isAlive = false;
    current = undefined;
    scheduler.note(`${name} ends: ${why}`);
    for (const hear of dies) hear();
    const downMs = dice.chance(options.longDowns)
      ? dice.between(3000, 40_000)
      : dice.between(1, 3000);
    scheduler.after(downMs, { line: `${name} starts`, act: () => machine.start() });
  }

  const machine: Machine = {
    name,
    role,
    skewMs: 0,
    fullUntilMs: 0,
    phase: "starting",
    get life() {
      return current?.life;
    },
    get answer() {
      return current?.running.answer;
    },
    start() {
      if (current !== undefined) return;
      const dies = new Set<() => void>();
      const life: Life & { isAlive: boolean } = {
        name,
        role,
        number: number++,
        isAlive: true,
        clock: undefined as never,
        random: options.randomOf(number),
        turn: () =>
          new Promise((resolve) =>
            void scheduler.after(dice.between(0, 0.2), { of: life, act: resolve })
          ),
        effect: (kind, step) => act(life, { kind, act: step }),
        onDeath(hear) {
          dies.add(hear);
          return () => dies.delete(hear);
        },
      };
      Object.assign(life, { clock: clockOf(life) });
      machine.phase = "starting";
      const running = options.run(life);
      current = { life, running, dies };
      running.ready.then(() => {
        if (life.isAlive && machine.phase === "starting") machine.phase = "up";
      }, (error) => {
        if (life.isAlive) machine.crash(`cannot start: ${error}`);
      });
    },
    crash(why) {
      if (current === undefined) return;
      count(dice.tally, `${role} dies while ${machine.phase}`);
      end(why);
      options.lose?.();
    },
    stop() {
      const stopped = current;
      if (stopped === undefined) return;
      scheduler.note(`${name} is told to stop`);
      const over = stopped.running.stop?.() ?? Promise.resolve();
      over.then(() => {
        if (stopped.life.isAlive) end("stopped");
      }, (error) => {
        if (stopped.life.isAlive) machine.crash(`cannot stop: ${error}`);
      });
    },
  };
  return machine;
}

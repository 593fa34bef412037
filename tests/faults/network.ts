/**
 * The network between machines: each request and each answer is a message with a fate of its own.
 *
 * @module
 */
import type { Fetch } from "../../src/core/fetch.ts";
import type { Dice } from "./faults.ts";
import type { Life, Machine, Role } from "./machine.ts";
import type { Scheduler } from "./scheduler.ts";

/** A request on its way. */
export interface Sent {
  readonly from: Life;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** What has come back. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Who sees what goes over the network. */
export interface Witness {
  /** A process gave an answer, which may never arrive. */
  given(request: Sent, by: Machine, answer: Answered): void;
  /** An answer arrived at whoever asked. */
  arrived(request: Sent, answer: Answered): void;
}

/** How machines reach each other. */
export interface Network {
  /** How a process sends requests. */
  fetchOf(life: Life): Fetch;
}

/** What a network is made of. */
export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly witness: Witness;
  /** Machines behind each host name: a request goes to any that is up. */
  readonly hosts: ReadonlyMap<string, readonly Machine[]>;
  /** How likely at least a machine hears no more of where it has sent an update. */
  weakBack(role: Role): number;
  /** A short name of an address, for the trace. */
  nameOf(url: URL): string;
}

/** Whether a request brings an update, or a piece of one. */
function isUpdate({ method, url }: Sent): boolean {
  return method === "PUT" && url.pathname.includes("/updates/");
}

/** Answers that have no body. */
const EMPTY_STATUS: ReadonlySet<number> = new Set([204, 304]);

/** A network. */
export function createNetwork(options: NetworkOptions): Network {
  const { scheduler, dice, witness, hosts } = options;
  /** Which ways nothing goes, and until when. */
  const parted = new Map<string, number>();

  /** Whether a message is lost on its way; all that go the same way may be, for a while. */
  function isLost(sent: Sent, way: "there" | "back"): boolean {
    const { from, url: { host } } = sent;
    const link = `${from.name} to ${host} and ${way}`;
    if (!dice.areFaultsOn()) return false;
    const least = way === "back" && isUpdate(sent) ? options.weakBack(from.role) : 0;
    if (dice.comes("parted", least)) {
      const forMs = dice.chance(0.5) ? dice.between(500, 8000) : dice.between(8000, 60_000);
      parted.set(link, scheduler.nowMs + forMs);
    }
    return (parted.get(link) ?? 0) > scheduler.nowMs || dice.comes("lost");
  }

  /** How long a message takes. */
  function takesMs(): number {
    if (dice.comes("delayed")) return dice.between(200, dice.chance(0.2) ? 90_000 : 8000);
    return dice.between(0.5, 30);
  }

  function upAt({ host }: URL): Machine | undefined {
    const up = (hosts.get(host) ?? []).filter(({ answer }) => answer !== undefined);
    return up.length === 0 ? undefined : dice.pick(up);
  }

  function transmit(
    sent: Sent,
    { settled, hungUp }: {
      readonly settled: PromiseWithResolvers<Response>;
      readonly hungUp: AbortSignal;
    },
  ): void {
    const { from, method, url } = sent;
    const name = `${method} ${options.nameOf(url)}`;
    /** The sender hears that its connection broke, or hears nothing. */
    const broken = (how: string) => {
      if (dice.chance(0.2)) return scheduler.note(`${from.name} ${name} is never answered: ${how}`);
      scheduler.after(takesMs(), {
        of: from,
        line: `${from.name} ${name} breaks: ${how}`,
        act: () => settled.reject(new TypeError(`connection: ${how}`)),
      });
    };

    async function serve(machine: Machine, life: Life, answer: Fetch): Promise<void> {
      const quiet = life.onDeath(() => broken("reset"));
      const gone = new AbortController();
      const leave = () =>
        void scheduler.after(takesMs(), { of: life, act: () => gone.abort(hungUp.reason) });
      if (hungUp.aborted) leave();
      else hungUp.addEventListener("abort", leave, { once: true });
      let isBroken = false;
      const body = sent.body && bodyOf(sent.body, life, () => {
        isBroken = true;
        broken("reset");
      });
      const request = new Request(url, {
        ...{ method, headers: sent.headers, signal: gone.signal },
        ...(body && { body, duplex: "half" }),
      });
      const response = await answer(request);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const given = { status: response.status, headers: response.headers, body: bytes };
      await life.effect("answer", () => {
        witness.given(sent, machine, given);
        quiet();
        hungUp.removeEventListener("abort", leave);
        if (!isBroken) returned(given);
      });
    }

    function returned(given: Answered): void {
      if (isLost(sent, "back")) return broken("the answer is lost");
      const cut = given.body.length > 0 && dice.comes("cut");
      const line = `${from.name} ${name} gets ${given.status}${cut ? " in part" : ""}`;
      scheduler.after(takesMs(), {
        of: from,
        line,
        act() {
          if (!cut) witness.arrived(sent, given);
          settled.resolve(responseOf(given, cut));
        },
      });
    }

    if (isLost(sent, "there")) return broken("the request is lost");
    scheduler.after(takesMs(), {
      line: `${from.name} ${name} arrives`,
      act() {
        const machine = upAt(url);
        const [life, answer] = [machine?.life, machine?.answer];
        if (machine === undefined || life === undefined || answer === undefined) {
          return broken("refused");
        }
        serve(machine, life, answer).catch((error) => {
          scheduler.note(`${machine.name} fails at ${name}: ${error}`);
          broken("reset");
        });
      },
    });
  }

  /** A body that comes in pieces, and may break off. */
  function bodyOf(
    bytes: Uint8Array<ArrayBuffer>,
    life: Life,
    broken: () => void,
  ): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> {
    const isCut = dice.comes("cut");
    const ends = [dice.between(0, bytes.length), bytes.length].map(Math.floor);
    if (!isCut && bytes.length < 1000 && dice.chance(0.7)) return bytes;
    return new ReadableStream({
      start(controller) {
        let [from, atMs] = [0, 0];
        for (const [at, end] of ends.entries()) {
          const piece = bytes.slice(from, end);
          from = end;
          atMs += dice.comes("delayed") ? dice.between(100, 60_000) : dice.between(0.1, 5);
          scheduler.after(atMs, {
            of: life,
            act() {
              try {
                if (isCut && at === 1) {
                  controller.error(new TypeError("connection: reset"));
                  return broken();
                }
                if (piece.length > 0) controller.enqueue(piece);
                if (at === 1) controller.close();
              } catch {
                // Nobody reads it any more.
              }
            },
          });
        }
      },
    });
  }

  return {
    fetchOf: (life) => async (request) => {
      const { method, headers, signal } = request;
      const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
      const sent: Sent = { from: life, method, url: new URL(request.url), headers, body };
      const settled = Promise.withResolvers<Response>();
      await life.effect(isUpdate(sent) ? "upload" : "send", () => {
        signal.throwIfAborted();
        signal.addEventListener("abort", () => settled.reject(signal.reason), { once: true });
        transmit(sent, { settled, hungUp: signal });
        if (dice.comes("doubled")) transmit(sent, { settled, hungUp: signal });
      });
      return await settled.promise;
    },
  };
}

function responseOf({ status, headers, body }: Answered, isCut: boolean): Response {
  if (EMPTY_STATUS.has(status)) return new Response(null, { status, headers });
  if (!isCut) return new Response(body, { status, headers });
  const part = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(body.subarray(0, body.length >> 1));
      controller.error(new TypeError("connection: reset"));
    },
  });
  return new Response(part, { status, headers });
}

/**
 * What an aggregator does, as spans: those of a request lie within each other, and what is done for a
 * round lies within the round's.
 *
 * @module
 */
import { isTributaryError } from "../../src/core/errors.ts";
import type { LogLine } from "../logger.ts";
import type { Note, Work } from "../trace.ts";
import type { OtelApi, OtelSpan, SpanAttributes } from "./opentelemetry_api.ts";

/** Spans of one aggregator or helper. */
export interface Spans {
  /** Does some work within a span of its own. */
  trace<T>(work: Work, run: (note: Note) => Promise<T>): Promise<T>;
  /** Begins the span of a round that opens, and ends that of one that is over. */
  note(line: LogLine): void;
}

/** Numbers of OpenTelemetry's `SpanKind` and `SpanStatusCode`. */
const KIND = { internal: 0, server: 1, client: 2 } as const;
const ERROR = 2;

/** Phases in which a round goes on. */
const GOES_ON: ReadonlySet<string> = new Set(["open", "sealed", "unmasking"]);

/** How a span begins. */
interface Beginning<Context> {
  readonly name: string;
  readonly kind: number;
  readonly attributes: SpanAttributes;
  readonly under: Context;
}

/** Spans of a tracer. */
export function spansOf<Context, Span extends OtelSpan>(
  { context, propagation, trace }: OtelApi<Context, Span>,
): Spans {
  const tracer = trace.getTracer("tributary");
  const rounds = new Map<string, { readonly round: number; readonly span: Span }>();

  function beginningOf(work: Work): Beginning<Context> {
    const under = context.active();
    switch (work.kind) {
      case "request": {
        const { method, headers } = work.request;
        return {
          ...{ name: method, kind: KIND.server, attributes: { "http.request.method": method } },
          under: propagation.extract(under, headers, getter),
        };
      }
      case "call": {
        const { method, url } = work.request;
        const attributes = { "http.request.method": method, "server.address": new URL(url).host };
        return { name: method, kind: KIND.client, attributes, under };
      }
      case "upload":
        return { ...inside(work.kind, factsOf(work)), under };
      case "read":
      case "check":
      case "commit":
        return { ...inside(work.kind), under };
      case "forward":
      case "ask": {
        const round = rounds.get(work.task);
        const isOpen = round?.round === work.round;
        return {
          ...inside(work.kind, factsOf(work)),
          under: isOpen ? trace.setSpan(under, round.span) : under,
        };
      }
      default:
        throw work satisfies never;
    }
  }

  return {
    async trace(work, run) {
      const { name, under, ...options } = beginningOf(work);
      const span = tracer.startSpan(name, options, under);
      const within = trace.setSpan(under, span);
      // Where another aggregator goes on, its spans lie within this one.
      if (work.kind === "call") propagation.inject(within, work.request.headers, setter);
      const least = work.kind === "call" ? 400 : 500;
      try {
        return await context.with(within, () => run((facts) => tell(span, { name, facts, least })));
      } catch (error) {
        // Never its message: that is for the log.
        const type = isTributaryError(error) ? error.code : "internal";
        span.setAttributes({ "error.type": type });
        span.setStatus({ code: ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    note(line) {
      if (line.kind !== "round") return;
      const { task, round, phase, clients, updates, bytes } = line;
      const known = rounds.get(task);
      if (known !== undefined && (known.round !== round || !GOES_ON.has(phase))) {
        rounds.delete(task);
        if (known.round === round) {
          known.span.setAttributes(named({ phase, clients, updates, bytes }));
          if (phase === "abandoned") known.span.setStatus({ code: ERROR });
        }
        known.span.end();
      }
      if (phase !== "open" || known?.round === round) return;
      const options = { kind: KIND.internal, attributes: named({ task, round }), root: true };
      rounds.set(task, { round, span: tracer.startSpan("round", options, context.active()) });
    },
  };
}

function inside(name: string, attributes: SpanAttributes = {}) {
  return { name, kind: KIND.internal, attributes };
}

/** Tells what became known of some work. */
function tell(
  span: OtelSpan,
  { name, facts: { status, route, id, code }, least }: {
    readonly name: string;
    readonly facts: Parameters<Note>[0];
    readonly least: number;
  },
): void {
  if (route !== undefined) span.updateName(`${name} ${route}`);
  span.setAttributes({
    ...(status === undefined ? {} : { "http.response.status_code": status }),
    ...(route === undefined ? {} : { "http.route": route }),
    ...(id === undefined ? {} : { "tributary.request.id": id }),
    ...(code === undefined ? {} : { "error.type": code }),
  });
  if (Number(status) >= least) span.setStatus({ code: ERROR });
}

function factsOf({ kind: _, ...facts }: Extract<Work, { readonly round: number }>): SpanAttributes {
  return named(facts);
}

function named(facts: Readonly<Record<string, string | number>>): SpanAttributes {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [`tributary.${key}`, value]),
  );
}

const getter = {
  get: (carrier: Headers, key: string) => carrier.get(key) ?? undefined,
  keys: (carrier: Headers) => [...carrier.keys()],
};

const setter = {
  set: (carrier: Headers, key: string, value: string) => carrier.set(key, value),
};

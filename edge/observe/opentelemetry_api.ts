/**
 * The parts of `@opentelemetry/api` that are used, as types of their own: nothing here needs that
 * package, and its `trace`, `context`, `propagation` and `metrics` fit them.
 *
 * @module
 */

/** What a span may be told of. */
export type SpanAttributes = Record<string, string | number>;

/** A span that has begun. */
export interface OtelSpan {
  /** Tells more about it. */
  setAttributes(attributes: SpanAttributes): unknown;
  /** Renames it. */
  updateName(name: string): unknown;
  /** Says how it went: 2 for an error. */
  setStatus(status: { code: number }): unknown;
  /** Ends it. */
  end(): void;
}

/** Begins spans. */
export interface OtelTracer<Context, Span> {
  /** Begins one under the span of a context. */
  startSpan(
    name: string,
    options: { kind: number; attributes: SpanAttributes; root?: boolean },
    context: Context,
  ): Span;
}

/** Counts. */
export interface OtelCounter {
  /** Grows. */
  add(value: number, attributes?: SpanAttributes): void;
}

/** Takes values. */
export interface OtelHistogram {
  /** Takes a value. */
  record(value: number, attributes?: SpanAttributes): void;
}

/** Takes what is now. */
export interface OtelResult {
  /** Takes the value. */
  observe(value: number, attributes?: SpanAttributes): void;
}

/** How an instrument is described. */
export interface OtelMetricOptions {
  /** One sentence. */
  description: string;
  /** As UCUM has it. */
  unit: string;
  /** Buckets of a histogram. */
  advice?: { explicitBucketBoundaries: number[] };
}

/** Makes instruments. */
export interface OtelMeter {
  /** One that only grows. */
  createCounter(name: string, options: OtelMetricOptions): OtelCounter;
  /** One for how values are spread. */
  createHistogram(name: string, options: OtelMetricOptions): OtelHistogram;
  /** One that is asked. */
  createObservableGauge(
    name: string,
    options: OtelMetricOptions,
  ): { addCallback(callback: (result: OtelResult) => void): void };
}

/** `@opentelemetry/api`, as far as it is used. `Context` and `Span` are its own. */
export interface OtelApi<Context, Span extends OtelSpan> {
  /** Where the current span is. */
  readonly context: {
    active(): Context;
    with<T>(context: Context, run: () => T): T;
  };
  /** Headers by which another process goes on with a span: W3C Trace Context, where that is set up. */
  readonly propagation: {
    extract(
      context: Context,
      carrier: Headers,
      getter: {
        get(carrier: Headers, key: string): string | undefined;
        keys(carrier: Headers): string[];
      },
    ): Context;
    inject(
      context: Context,
      carrier: Headers,
      setter: { set(carrier: Headers, key: string, value: string): void },
    ): void;
  };
  /** Tracers, and spans in contexts. */
  readonly trace: {
    getTracer(name: string): OtelTracer<Context, Span>;
    setSpan(context: Context, span: Span): Context;
  };
  /** Meters. */
  readonly metrics: { getMeter(name: string): OtelMeter };
}

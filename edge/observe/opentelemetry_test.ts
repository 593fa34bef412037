import assert from "node:assert/strict";
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { signTask, taskId } from "../../src/wire/task.ts";
import { module, nodeDigest, sumStrategy, testTask } from "../_testing.ts";
import { runClient } from "../_tree_testing.ts";
import { createAggregatorApp } from "../app.ts";
import { openSum } from "../root/open_sum.ts";
import { testCommittee, testGroup } from "../helper/_testing.ts";
import { memoryStore } from "../memory/store.ts";
import { systemRandom } from "../../src/core/random.ts";
import { silent } from "../logger.ts";
import { openTelemetry } from "./mod.ts";

/** Collected when a test asks. */
class AskedReader extends MetricReader {
  protected override onShutdown = () => Promise.resolve();
  protected override onForceFlush = () => Promise.resolve();
}

/** An SDK that keeps what it is told in memory, and a name for each process's own part of it. */
function startSdk() {
  const exporter = new InMemorySpanExporter();
  const reader = new AskedReader();
  const meters = new MeterProvider({ readers: [reader] });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const observe = (process: string) => {
    const provider = new BasicTracerProvider({
      spanProcessors: [
        new SimpleSpanProcessor({
          ...{ shutdown: () => Promise.resolve(), forceFlush: () => Promise.resolve() },
          export(spans, done) {
            for (const span of spans) span.attributes["process"] = process;
            exporter.export(spans, done);
          },
        }),
      ],
    });
    return openTelemetry({
      ...{ context: api.context, propagation: api.propagation },
      trace: { getTracer: (name) => provider.getTracer(name), setSpan: api.trace.setSpan },
      metrics: { getMeter: (name) => meters.getMeter(name) },
    });
  };
  return {
    observe,
    spans: (): ReadableSpan[] => exporter.getFinishedSpans(),
    async figures() {
      const { resourceMetrics } = await reader.collect();
      return new Map(
        resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
          .map((metric) => [metric.descriptor.name, metric]),
      );
    },
    async [Symbol.asyncDispose]() {
      api.context.disable();
      api.propagation.disable();
      await meters.shutdown();
      // The exporter says that it is done a turn later.
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

Deno.test("opentelemetry: the whole package fits, as it is imported", () => {
  assert.equal(typeof openTelemetry(api).trace, "function");
});

Deno.test("opentelemetry: a region's sum is one trace from its round to the root's commit", async () => {
  await using sdk = startSdk();
  const clock = hastyClock();
  const task = testTask(4, { stop: { rounds: 2 } });
  const id = await taskId(task);
  const shared = { module, clock, digest: nodeDigest };
  const owner = await generateIdentity();
  const root = createAggregatorApp({
    ...{ ...shared, store: memoryStore(), identity: owner, strategy: () => sumStrategy },
    observers: [sdk.observe("root")],
  });
  await root.aggregator.start();
  const model = { w: { shape: [4], data: new Float32Array(4) } };
  await root.aggregator.own({ signed: await signTask(task, owner), model });
  const region = createAggregatorApp({
    ...{ ...shared, store: memoryStore(), identity: await generateIdentity() },
    parent: { url: "http://root.test" },
    fetch: async (request) => await root.fetch(request),
    observers: [sdk.observe("region")],
  });
  await region.aggregator.start();
  const reached = { fetch: async (request: Request) => await region.fetch(request) };
  const words = (round: number) => [round, 2, 3, 4];
  await runClient(clock, reached as Parameters<typeof runClient>[1], task, words);
  const figures = await sdk.figures();
  await region.aggregator[Symbol.asyncDispose]();
  await root.aggregator[Symbol.asyncDispose]();

  const spans = sdk.spans();
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  const named = (process: string, name: string) =>
    spans.filter((span) => span.attributes["process"] === process && span.name === name);
  /** A span and all those that it lies within, the innermost first. */
  const pathOf = (span: ReadableSpan | undefined): string[] =>
    span === undefined ? [] : [
      `${span.attributes["process"]} ${span.name}`,
      ...pathOf(byId.get(span.parentSpanContext?.spanId ?? "")),
    ];
  const route = "/v1/tasks/:task/rounds/:round/updates/:member";
  const atRoot = ["root upload", `root PUT ${route}`];
  const upward = ["region PUT", "region forward", "region round"];
  assert.deepEqual(named("root", "commit").map(pathOf), [
    ["root commit", ...atRoot, ...upward],
    ["root commit", ...atRoot, ...upward],
  ]);
  const [taken] = named("root", `PUT ${route}`);
  // It came by its header, as it would over a network.
  assert.equal(taken?.parentSpanContext?.isRemote, true);
  assert.equal(taken?.attributes["http.response.status_code"], 201);
  assert.match(String(taken?.attributes["tributary.request.id"]), /^[0-9a-f]{16}$/);
  assert.deepEqual(named("region", "read").map(pathOf), [
    ["region read", "region upload", `region PUT ${route}`],
    ["region read", "region upload", `region PUT ${route}`],
  ]);
  const rounds = named("root", "round").map(({ attributes }) => [
    ...[attributes["tributary.round"], attributes["tributary.phase"]],
    attributes["tributary.clients"],
  ]);
  assert.deepEqual(rounds, [[1, "published", 1], [2, "published", 1]]);

  const uploads = figures.get("tributary.uploads")!;
  assert.deepEqual(
    uploads.dataPoints.map(({ value, attributes }) => [attributes["member"], value]).sort(),
    [["client", 2], ["region", 2]],
  );
  assert.equal(uploads.descriptor.unit, "1");
  const round = figures.get("tributary.round")!.dataPoints;
  assert.deepEqual(round.map(({ value }) => value), [2]);
  assert.equal(round[0]!.attributes["task"], id);

  // Who took part is in no span.
  for (const { attributes, name } of spans) {
    const text = JSON.stringify([name, attributes]);
    for (const member of [region.aggregator.id, owner.id]) assert.ok(!text.includes(member), text);
  }
});

Deno.test("opentelemetry: each helper that is asked has a span that says which, and for which round", async () => {
  await using sdk = startSdk();
  const committee = await testCommittee();
  const { trace } = sdk.observe("root");
  const group = await testGroup(committee);
  const world = {
    ...{ identity: committee.owner, clock: committee.clock, module, random: systemRandom },
    ...{ digest: nodeDigest, logger: silent, trace: trace!, fetch: committee.fetch },
  };
  await openSum(world, group);
  const asks = sdk.spans().filter(({ name }) => name === "ask");
  assert.deepEqual(asks.map(({ attributes }) => attributes["tributary.helper"]).sort(), [
    ...committee.helpers.map((_, at) => at + 1),
  ]);
  for (const { attributes, status } of asks) {
    assert.equal(attributes["tributary.round"], group.round);
    assert.equal(status.code, api.SpanStatusCode.UNSET);
  }
});

Deno.test("opentelemetry: work that fails has a span with the code of its error, and not its words", async () => {
  await using sdk = startSdk();
  const { trace } = sdk.observe("root");
  const error = new Error("the secret is 42");
  await assert.rejects(trace!({ kind: "commit" }, () => Promise.reject(error)), error);
  const [span] = sdk.spans();
  assert.equal(span?.status.code, api.SpanStatusCode.ERROR);
  assert.deepEqual(span?.attributes, { "error.type": "internal", process: "root" });
  assert.deepEqual(span?.events, []);
});

Deno.test("opentelemetry: no file that users get imports its packages", async () => {
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    const source = await Deno.readTextFile(new URL(name, import.meta.url));
    assert.doesNotMatch(source, /^(import|export)[^;]*from "@opentelemetry/m, name);
  }
});

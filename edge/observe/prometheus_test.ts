import assert from "node:assert/strict";
import parsePrometheusText from "parse-prometheus-text-format";
import { createAggregatorApp } from "../app.ts";
import { memoryStore } from "../memory/store.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import {
  module,
  openRound,
  parcelOf,
  problemCode,
  sendUpdate,
  sumStrategy,
  testMember,
  testRoot,
} from "../_testing.ts";
import { allInstruments, prometheusName } from "./instruments.ts";
import { expositionOf } from "./exposition.ts";
import { prometheus } from "./prometheus.ts";

/** A family of series, as the parser gives it. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly buckets?: Readonly<Record<string, string>>;
    readonly count?: string;
    readonly sum?: string;
  }[];
}

async function scrape(app: { request(path: string): Response | Promise<Response> }) {
  const answer = await app.request("/metrics");
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await answer.text();
  const families: Family[] = parsePrometheusText(text);
  return { text, of: (name: string) => families.find((family) => family.name === name) };
}

Deno.test("metrics: a round's uploads, bytes, writes and refusals are counted, and its state is told", async () => {
  await using root = await testRoot({
    observers: [prometheus()],
    task: { clients: { min: 2, max: 9 } },
  });
  const [a, b] = [await testMember(root), await testMember(root)];
  const round = await openRound(a.peer, root.task);
  const parcel = parcelOf([1, 2, 3, 4]);
  await sendUpdate(a, round, parcel);
  await sendUpdate(a, round, parcel);
  await assert.rejects(sendUpdate(a, round, parcelOf([4, 3, 2, 1])), { code: "update-conflict" });
  {
    const { of } = await scrape(root.app);
    const open = of("tributary_round_phase")!.metrics;
    assert.deepEqual(open, [{ value: "1", labels: { task: root.id, phase: "open" } }]);
    assert.equal(of("tributary_round_clients")!.metrics[0]!.value, "1");
    assert.equal(of("tributary_members")!.metrics[0]!.value, "2");
  }
  await sendUpdate(b, round, parcel);
  await openRound(a.peer, root.task, 1);
  const { text, of } = await scrape(root.app);
  const [uploads] = of("tributary_uploads_total")!.metrics;
  assert.deepEqual(uploads, { value: "2", labels: { member: "client" } });
  assert.equal(of("tributary_upload_size_bytes_total")!.metrics[0]!.value, "32");
  assert.equal(of("tributary_upload_repeats_total")!.metrics[0]!.value, "1");
  assert.deepEqual(of("tributary_refusals_total")!.metrics, [
    { value: "1", labels: { code: "update-conflict" } },
  ]);
  const rounds = of("tributary_rounds_total")!.metrics.map(({ labels, value }) =>
    [labels?.phase, value] as const
  );
  assert.deepEqual(Object.fromEntries(rounds), {
    open: "2",
    sealed: "1",
    unmasking: "1",
    published: "1",
  });
  assert.equal(of("tributary_model_version")!.metrics[0]!.value, "1");
  assert.equal(of("tributary_ready")!.metrics[0]!.value, "1");
  assert.equal(of("tributary_budget_used_bytes")!.metrics[0]!.value, "0");
  const puts = of("tributary_requests_total")!.metrics.filter(({ labels }) =>
    labels?.route?.includes("updates")
  );
  assert.deepEqual(
    puts.map(({ value, labels }) => [labels?.method, labels?.status, value]),
    [["PUT", "201", "2"], ["PUT", "200", "1"], ["PUT", "409", "1"]],
  );
  const writes = of("tributary_write_duration_seconds")!;
  assert.equal(writes.type, "HISTOGRAM");
  assert.equal(writes.metrics[0]!.count, writes.metrics[0]!.buckets!["+Inf"]);
  // Two enrolments, three openings and ends, two updates: more than that, and each was a write.
  assert.ok(Number(writes.metrics[0]!.count) >= 6);
  for (const { identity } of [a, b]) assert.ok(!text.includes(identity.id));
});

Deno.test("metrics: names that senders make up make no series", async () => {
  await using root = await testRoot({ observers: [prometheus()] });
  for (const method of ["PROPFIND", "MKCOL"]) {
    await root.app.request(`/made/up/${method}`, { method });
    await root.app.request(`/v1/made/${method}`, { method });
  }
  const { of } = await scrape(root.app);
  assert.deepEqual(of("tributary_requests_total")!.metrics, [
    { value: "4", labels: { method: "other", route: "none", status: "404" } },
  ]);
});

Deno.test("metrics: whoever is asked to come again is refused, which is no failure of the server", async () => {
  const app = createAggregatorApp({
    ...{ store: memoryStore(), identity: await generateIdentity(), module },
    ...{ strategy: () => sumStrategy, observers: [prometheus()] },
  });
  for (const path of ["/readyz", "/v1/tasks"]) {
    assert.equal(await problemCode(await app.request(path)), "busy");
  }
  const { of } = await scrape(app);
  assert.deepEqual(of("tributary_refusals_total")?.metrics, [
    { value: "2", labels: { code: "busy" } },
  ]);
  assert.equal(of("tributary_failures_total"), undefined);
  assert.equal(of("tributary_ready")!.metrics[0]!.value, "0");
  await app.aggregator[Symbol.asyncDispose]();
});

Deno.test("metrics: with a token only those who know it read them", async () => {
  await using root = await testRoot({ observers: [prometheus({ token: "s3cret" })] });
  const read = (authorization?: string) =>
    root.app.request("/metrics", { headers: authorization ? { authorization } : {} });
  assert.equal(await problemCode(await read()), "operator-refused");
  assert.equal(await problemCode(await read("Bearer s3cret2")), "operator-refused");
  assert.equal(await problemCode(await read("Basic s3cret")), "operator-refused");
  assert.equal((await read("Bearer s3cret")).status, 200);
});

Deno.test("metrics: an app without the observer has no such address", async () => {
  const app = createAggregatorApp({
    store: memoryStore(),
    identity: await generateIdentity(),
    module,
    strategy: () => sumStrategy,
  });
  assert.equal((await app.request("/metrics")).status, 404);
  await app.aggregator[Symbol.asyncDispose]();
});

Deno.test("exposition: text, labels and values are written as the format asks", () => {
  const text = expositionOf((name) =>
    name === "tributary.polls.waiting"
      ? [{ labels: { task: 'a"b\\c\nd' }, sum: Infinity, counts: [1] }]
      : name === "tributary.write.jobs"
      ? [{ labels: {}, sum: 300.5, counts: [2, 0, 0, 0, 0, 0, 0, 0, 0, 1] }]
      : []
  );
  assert.equal(
    text,
    [
      "# HELP tributary_write_jobs Uploads and other changes that shared a write",
      "# TYPE tributary_write_jobs histogram",
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256].map((le) =>
        `tributary_write_jobs_bucket{le="${le}"} 2`
      ),
      'tributary_write_jobs_bucket{le="+Inf"} 3',
      "tributary_write_jobs_sum 300.5",
      "tributary_write_jobs_count 3",
      "# HELP tributary_polls_waiting Long polls that wait, by task",
      "# TYPE tributary_polls_waiting gauge",
      'tributary_polls_waiting{task="a\\"b\\\\c\\nd"} +Inf',
      "",
    ].join("\n"),
  );
});

Deno.test("instruments: names are ones that Prometheus takes, each once", () => {
  const names = allInstruments().map(([name]) => prometheusName(name));
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^tributary_[a-z_]+$/);
  assert.equal(prometheusName("tributary.upload.size"), "tributary_upload_size_bytes_total");
});

Deno.test("instruments: each has its line in docs/OBSERVABILITY.md, under both of its names", async () => {
  const document = await Deno.readTextFile(
    new URL("../../docs/OBSERVABILITY.md", import.meta.url),
  );
  const cells = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const rows = document.split("\n").filter((line) => line.startsWith("| `tributary.")).map(cells);
  assert.deepEqual(
    rows,
    allInstruments().map(([name, { kind, help }]) => [
      ...["`" + name + "`", "`" + prometheusName(name) + "`", kind, help],
    ]),
  );
});

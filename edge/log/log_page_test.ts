import assert from "node:assert/strict";
import type { LogEntry, LogPage } from "../../src/wire/log.ts";
import { logPage } from "./log_page.ts";

/** A log of entries of these lengths; `most` is how many were read at once. */
function logOf(lengths: readonly number[]) {
  const seen = { most: 0 };
  const entries = lengths.map((length, seq) =>
    ({ body: { seq }, hash: "x".repeat(length) }) as unknown as LogEntry
  );
  return {
    seen,
    log(from: number, limit: number): Promise<LogPage> {
      const page = entries.slice(from, from + limit);
      seen.most = Math.max(seen.most, page.length);
      return Promise.resolve({ entries: page, next: from + page.length });
    },
  };
}

/** Lengths of the pages, read one after the other to the end. */
async function pagesOf(host: ReturnType<typeof logOf>): Promise<number[]> {
  const lengths: number[] = [];
  for (let from = 0;;) {
    const { entries, next } = JSON.parse(await logPage(host, from)) as LogPage;
    assert.deepEqual(entries.map(({ body }) => body.seq), entries.map((_, at) => from + at));
    assert.equal(next, from + entries.length);
    if (entries.length === 0) return lengths;
    lengths.push(entries.length);
    from = next;
  }
}

Deno.test("log page: short entries come a thousand at a time, and an empty page ends the log", async () => {
  assert.deepEqual(await pagesOf(logOf(Array(2500).fill(700))), [1000, 1000, 500]);
  assert.deepEqual(await pagesOf(logOf([])), []);
  assert.equal(await logPage(logOf([1]), 7), '{"entries":[],"next":7}');
});

Deno.test("log page: of long entries a page has what its reader takes, and few are read at once", async () => {
  // As of rounds with 256 groups each.
  const host = logOf(Array(100).fill(80_000));
  const pages = await pagesOf(host);
  assert.deepEqual(pages, [26, 26, 26, 22]);
  assert.equal(host.seen.most, 64);
});

Deno.test("log page: an entry longer than a page has one of its own", async () => {
  assert.deepEqual(await pagesOf(logOf([10, 3 << 20, 10, 3 << 20, 3 << 20])), [1, 1, 1, 1, 1]);
});

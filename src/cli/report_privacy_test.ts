import assert from "node:assert/strict";
import { html } from "hono/html";
import { parseHTML } from "linkedom";
import { ials } from "../models/mod.ts";
import { defineTask, type MaskOptions } from "../task/mod.ts";
import type { Task } from "../wire/task.ts";
import { privacyLines, privacyRecord } from "./privacy_record.ts";
import { createDrawer } from "./report_page.ts";
import { privacySection, type PrivateRun } from "./report_privacy.ts";

const HELPERS = ["A", "B", "C", "D", "E"].map((letter, at) => ({
  url: `https://${at}.example`,
  key: `${letter.repeat(42)}A`,
  identity: `${letter.repeat(42)}Q`,
}));

function taskWith(mask: MaskOptions): Task {
  return defineTask({
    name: "films",
    model: ials({ items: 10, dim: 2 }),
    clients: { min: 4, max: 40 },
    stop: { rounds: 2 },
    mask,
  });
}

const MASKS: readonly MaskOptions[] = [
  { kind: "none" },
  { kind: "kahe1", helpers: HELPERS, groups: 3 },
  { kind: "two_helper", helpers: HELPERS.slice(0, 2) },
  { kind: "secagg_plus" },
];

const PRIVACY = {
  ...{ epsilon: 4, delta: 1e-6, clip: 1, noise: 1, extras: 0.1, scale: 100 },
  mechanism: { kind: "skellam", shares: 4 },
} as const;

function sectionOf(run: PrivateRun): { readonly text: string; readonly page: Document } {
  const section = String(html`${privacySection(run, createDrawer())}`);
  const { document } = parseHTML(
    `<!doctype html><html><body>${section}</body></html>`,
  ) as unknown as {
    document: Document;
  };
  return { page: document, text: document.body.textContent!.replaceAll(/\s+/g, " ") };
}

for (const mask of MASKS) {
  Deno.test(`report: under ${mask.kind} it says of each party what it can learn`, () => {
    const task = taskWith(mask);
    const { parties } = privacyRecord(task, []);
    const { page, text } = sectionOf({ task, rounds: [] });
    const rows = [...page.querySelectorAll("tr")].slice(1);
    assert.deepEqual(
      rows.map((row) => [...row.children].map((cell) => cell.textContent)),
      parties.map(({ party, learns }) => [party, learns]),
    );
    for (const party of ["A client", "Its region", "The root", "The network"]) {
      assert.ok(parties.some((view) => view.party === party), party);
    }
    assert.match(text, /No differential privacy is promised/);
    assert.equal(page.querySelectorAll("svg").length, 0);
  });
}

Deno.test("report: a masked run names its committee, its groups and its smallest sum", () => {
  const { text } = sectionOf({ task: taskWith(MASKS[1]!), rounds: [] });
  assert.match(
    text,
    /masked by kahe1\. A sum is opened by 4 of 5 helpers, of whom 2 may work with the root, for 4 clients or more/,
  );
  assert.match(text, /cut into up to 3 groups/);
  assert.match(text, /4 of 5 helpers, with root or region ?every update/);
});

Deno.test("report: an unmasked run says that regions read updates", () => {
  const { text } = sectionOf({ task: taskWith(MASKS[0]!), rounds: [] });
  assert.match(text, /not masked: whoever adds them can read them/);
  assert.match(text, /Its region ?every update that its clients send, in full/);
});

Deno.test("report: a budget is shown as promised, as spent, and round by round", () => {
  const task = { ...taskWith(MASKS[1]!), privacy: PRIVACY };
  const rounds = [
    { round: 1, spent: { sums: 1, epsilon: 1.5 } },
    { round: 2 },
    { round: 3, spent: { sums: 2, epsilon: 2.25 } },
  ];
  const { page, text } = sectionOf({ task, rounds });
  assert.match(
    text,
    /ε = 4 at δ = 0\.000001 is promised .* and ε = 2\.250 was spent; every client/,
  );
  const [chart] = page.querySelectorAll("svg");
  assert.equal(chart!.querySelectorAll("circle").length, 2);
  assert.equal(chart!.querySelectorAll("path[fill=none], g[stroke] path").length > 0, true);
  assert.deepEqual(privacyLines(privacyRecord(task, rounds)), [
    "privacy: mask kahe1; only sums of 4 clients or more can be opened, by 4 of 5 helpers, " +
    "of whom 2 may work with the root",
    "privacy: ε = 2.250 of 4 spent at δ = 0.000001; every client adds its part of the noise before " +
    "it masks, so that nobody sees a sum without",
  ]);
});

Deno.test("report: a private run in which no sum was opened has spent nothing", () => {
  const task = { ...taskWith(MASKS[0]!), privacy: PRIVACY };
  const record = privacyRecord(task, [{}, {}]);
  assert.equal(record.budget?.spent, 0);
  const { page } = sectionOf({ task, rounds: [{ round: 1 }] });
  assert.equal(page.querySelectorAll("svg circle").length, 0);
});

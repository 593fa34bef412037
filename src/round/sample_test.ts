import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { toBase64Url } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Sampling, Share } from "../wire/sampling.ts";
import { rootShare } from "../wire/sampling.ts";
import { sampleFractions } from "./fraction.ts";
import { type Candidate, drawSample, type Sample } from "./sample.ts";

const digest: Digest = (bytes) => createHash("sha256").update(bytes).digest();
const idOf = (name: string) => toBase64Url(createHash("sha256").update(name).digest());
const sidOf = (round: number) => round.toString(16).padStart(64, "0");

/** A tree: clients by name, regions with what is below them. */
interface Tree {
  readonly name: string;
  readonly clients: readonly string[];
  readonly regions: readonly Tree[];
}

function sizeOf({ clients, regions }: Tree): number {
  return clients.length + regions.reduce((sum, region) => sum + sizeOf(region), 0);
}

function membersOf({ clients, regions }: Tree): Candidate[] {
  return [
    ...clients.map((name) => ({ id: idOf(name), kind: "client", size: 1 } as const)),
    ...regions.map((region) =>
      ({ id: idOf(region.name), kind: "region", size: sizeOf(region) }) as const
    ),
  ];
}

interface Draw {
  readonly sampling: Sampling;
  readonly sid: string;
  readonly share: Share;
  readonly rate: number;
}

const draw = (tree: Tree, options: Draw): Promise<Sample> =>
  drawSample({ ...options, drawer: idOf(tree.name), members: membersOf(tree), digest });

/** The clients that a whole tree asks, level by level. */
async function asked(tree: Tree, options: Draw): Promise<string[]> {
  const { shares } = await draw(tree, options);
  const below: string[] = tree.clients.filter((name) => shares.has(idOf(name)));
  for (const region of tree.regions) {
    const share = shares.get(idOf(region.name));
    if (share !== undefined) below.push(...await asked(region, { ...options, share }));
  }
  return below;
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);
/** Twelve clients: three at the root, two and four in regions, three in a region below one. */
const TREE: Tree = {
  name: "root",
  clients: named("r", 3),
  regions: [
    { name: "a", clients: named("a", 2), regions: [] },
    {
      name: "b",
      clients: named("b", 4),
      regions: [{ name: "c", clients: named("c", 3), regions: [] }],
    },
  ],
};
const ALL = [...named("r", 3), ...named("a", 2), ...named("b", 4), ...named("c", 3)];

function uniform(count: number, overSelect = 1): Omit<Draw, "sid"> {
  const sampling = { kind: "uniform", count, overSelect } as const;
  return { sampling, share: rootShare(sampling, { max: 1000 }), rate: 1 };
}

Deno.test("sample: uniform draws just its count of clients over the tree", async () => {
  for (let round = 0; round < 200; round++) {
    const sample = await asked(TREE, { ...uniform(round % 13), sid: sidOf(round) });
    assert.equal(new Set(sample).size, round % 13);
    assert.equal(sample.length, round % 13);
  }
});

Deno.test("sample: uniform draws every pair of clients of a tree as often as any other", async () => {
  const rounds = 3300;
  const pairs = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const pair = (await asked(TREE, { ...uniform(2), sid: sidOf(round) })).toSorted().join(" ");
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  // 66 pairs of 12: 65 degrees of freedom, one in a thousand is above 106; the sids are fixed.
  const expected = rounds / 66;
  assert.equal(pairs.size, 66);
  const chi2 = pairs.values().reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  assert.ok(chi2 < 106, `chi² ${chi2}`);
});

Deno.test("sample: Poisson chooses each client by itself at the rate", async () => {
  const rounds = 2400;
  const sampling = { kind: "poisson", rate: 0.25 } as const;
  const times = new Map(ALL.map((name) => [name, 0]));
  const sizes = new Array<number>(13).fill(0);
  let both = 0;
  for (let round = 0; round < rounds; round++) {
    const share = rootShare(sampling, { max: 1000 });
    const sample = await asked(TREE, { sampling, share, rate: 0.25, sid: sidOf(round) });
    for (const name of sample) times.set(name, times.get(name)! + 1);
    sizes[sample.length]! += 1;
    if (sample.includes("r0") && sample.includes("c2")) both++;
  }
  const sd = Math.sqrt(rounds * 0.25 * 0.75);
  for (const [name, found] of times) {
    assert.ok(Math.abs(found - rounds / 4) < 4 * sd, `${name}: ${found}`);
  }
  assert.ok(Math.abs(both - rounds / 16) < 4 * Math.sqrt(rounds / 16 * 15 / 16), `${both}`);
  // The size is binomial: it is not fixed.
  const binomial = [...Array(13).keys()].map((k) => {
    let p = 0.75 ** 12;
    for (let i = 1; i <= k; i++) p *= (12 - i + 1) / i / 3;
    return rounds * p;
  });
  const chi2 = binomial.slice(0, 8)
    .reduce((sum, expected, k) => sum + (sizes[k]! - expected) ** 2 / expected, 0);
  // Eight bins that hold all but a few: one in a thousand is above 24.3.
  assert.ok(chi2 < 24.3, `chi² ${chi2}`);
});

Deno.test("sample: all asks everybody where everybody fits, and hashes nothing", async () => {
  const none: Digest = () => assert.fail("no need to");
  const share = { clients: 12, enough: 12 };
  const sample = await drawSample({
    ...{ sampling: { kind: "all" }, sid: sidOf(1), drawer: idOf("root"), share, rate: 1 },
    members: membersOf(TREE),
    digest: none,
  });
  assert.equal(sample.facts.threshold, 1);
  assert.equal(sample.facts.asked, 12);
  assert.equal(sample.facts.enough, 12);
  assert.deepEqual(sample.shares.get(idOf("b")), { clients: 7, enough: 7 });
});

Deno.test("sample: all draws as many as fit where more have enrolled", async () => {
  const options: Draw = {
    sampling: { kind: "all" },
    sid: sidOf(4),
    share: { clients: 5, enough: 5 },
    rate: 1,
  };
  assert.equal((await asked(TREE, options)).length, 5);
  assert.ok((await draw(TREE, options)).facts.threshold < 1);
});

Deno.test("sample: all leaves room for latecomers at every region, and none is given twice", async () => {
  const sampling = { kind: "all" } as const;
  const share = { clients: 23, enough: 23 };
  const members = [
    ...membersOf(TREE),
    { id: idOf("empty"), kind: "region", size: 0 } as const,
  ];
  const { facts, shares } = await drawSample({
    ...{ sampling, share, members, digest, sid: sidOf(1), drawer: idOf("root"), rate: 1 },
  });
  // Of eleven places two go to each of three regions, and five are left for newcomers here.
  assert.deepEqual(shares.get(idOf("empty")), { clients: 2, enough: 2 });
  assert.deepEqual(shares.get(idOf("b")), { clients: 9, enough: 9 });
  assert.deepEqual(shares.get(idOf("r0")), { clients: 1, enough: 1 });
  assert.deepEqual(facts, { threshold: 1, asked: 18, enough: 23 });
});

Deno.test("sample: members of no size are not asked", async () => {
  const members = [
    { id: idOf("x"), kind: "region", size: 0 },
    { id: idOf("y"), kind: "client", size: 1 },
  ] as const;
  const { shares } = await drawSample({
    ...uniform(2),
    ...{ sid: sidOf(1), drawer: idOf("root"), members, digest },
  });
  assert.deepEqual([...shares.keys()], [idOf("y")]);
});

Deno.test("sample: with few clients all are asked, and all are needed", async () => {
  const sample = await draw(TREE, { ...uniform(20, 1.5), sid: sidOf(1) });
  assert.deepEqual([sample.facts.asked, sample.facts.enough, sample.facts.threshold], [12, 12, 1]);
});

Deno.test("sample: regions need their part of what the round needs, together no less", async () => {
  for (let round = 0; round < 100; round++) {
    const sample = await draw(TREE, { ...uniform(6, 1.5), sid: sidOf(round) });
    assert.equal(sample.facts.asked, 9);
    assert.equal(sample.facts.enough, 6);
    const shares = [...sample.shares.values()];
    const enough = shares.reduce((sum, share) => sum + share.enough, 0);
    assert.ok(enough >= 6, `${enough}`);
    for (const share of shares) {
      assert.equal(share.enough, Math.ceil(share.clients * 6 / 9));
      assert.ok(share.clients > 0);
    }
  }
});

Deno.test("sample: a client that checks itself against the threshold agrees with its region", async () => {
  const kinds: Sampling[] = [
    { kind: "all" },
    { kind: "poisson", rate: 0.4 },
    { kind: "uniform", count: 5, overSelect: 1.2 },
    { kind: "available", count: 5, overSelect: 1.2 },
  ];
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(...kinds), async (round, sampling) => {
      const sid = sidOf(round);
      const share = rootShare(sampling, { max: 6 });
      const { facts: { threshold }, shares } = await draw(TREE, {
        sampling,
        sid,
        share,
        rate: 0.4,
      });
      for (const name of TREE.clients) {
        const isBelow = await sampleFractions(sid, digest)(idOf(name)) < threshold;
        assert.equal(isBelow, shares.has(idOf(name)));
      }
    }),
  );
});

Deno.test("sample: two aggregators of the same members draw apart", async () => {
  const members = ["x", "y"].map((name) => ({ id: idOf(name), kind: "region", size: 50 }) as const);
  const quotaOf = async (drawer: string, round: number) => {
    const sid = sidOf(round);
    const sample = await drawSample({ ...uniform(40), sid, drawer: idOf(drawer), members, digest });
    return sample.shares.get(idOf("x"))?.clients;
  };
  const rounds = Array.from({ length: 20 }, (_, round) => round);
  const [one, other] = await Promise.all(
    ["a", "b"].map((drawer) => Promise.all(rounds.map((round) => quotaOf(drawer, round)))),
  );
  assert.notDeepEqual(one, other);
});

Deno.test("sample: the order in which members are listed makes no difference", async () => {
  const options = { ...uniform(5), sid: sidOf(9), drawer: idOf("root"), digest };
  const members = membersOf(TREE);
  const one = await drawSample({ ...options, members });
  const other = await drawSample({ ...options, members: members.toReversed() });
  assert.deepEqual(new Map([...one.shares].sort()), new Map([...other.shares].sort()));
});

Deno.test("sample: Poisson never asks more of a region's clients than its parent gave it", async () => {
  const sampling = { kind: "poisson", rate: 1 } as const;
  const share = { clients: 2, enough: 2 };
  const { shares, facts: { threshold } } = await draw(
    { name: "leaf", clients: named("x", 9), regions: [] },
    { sampling, share, rate: 1, sid: sidOf(1) },
  );
  assert.equal(shares.size, 2);
  assert.ok(threshold < 1);
});

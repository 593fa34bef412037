/**
 * Devices that know several regions: where they go when one is away, and that no update is in two sums.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { smallTask } from "../src/client/_testing.ts";
import { join } from "../src/client/join.ts";
import { memoryState } from "../src/client/memory_state.ts";
import type { RoundReport } from "../src/client/round_report.ts";
import type { Fetch } from "../src/core/fetch.ts";
import { isTributaryError } from "../src/core/errors.ts";
import { generateIdentity } from "../src/core/identity.ts";
import type { Trainer } from "../src/core/trainer.ts";
import { nativeDigest } from "../edge/deno/mod.ts";
import { startCommittee } from "./committee.ts";
import { hastyClock } from "./hasty_clock.ts";
import { tickingClock } from "./ticking_clock.ts";
import { type Node, startTree, type Tree } from "./tree.ts";

/** Time of a round: so long that work is done in it, though time goes by in leaps. */
const MINUTES = 120_000;

/** A step towards 1, 1, 1. */
const trainer: Trainer = ({ w }) =>
  Promise.resolve({
    weights: { w: { shape: [3], data: w!.data.map((x) => (x + 1) / 2) } },
    examples: 1,
    metrics: { loss: 0.5 },
  });

/** What a request asks for: an update's host, round and member. */
function updateOf({ method, url }: Request) {
  const { host, pathname } = new URL(url);
  const [, round, member] = /\/rounds\/(\d+)\/updates\/([^/]+)$/.exec(pathname) ?? [];
  return method === "PUT" && round !== undefined && member !== undefined
    ? { host, key: `${round} ${member}` }
    : undefined;
}

/** A network that takes down which regions have taken which updates, whatever their senders hear. */
function witness() {
  const taken = new Map<string, Set<string>>();
  return {
    taken,
    through: (fetch: Fetch): Fetch => async (request) => {
      const update = updateOf(request);
      const response = await fetch(request);
      if (update !== undefined && response.ok && !update.host.startsWith("root")) {
        taken.set(update.key, (taken.get(update.key) ?? new Set()).add(update.host));
      }
      return response;
    },
  };
}

type Device = Awaited<ReturnType<typeof join>>;

async function joinBoth(
  tree: Tree,
  options: Partial<Parameters<typeof join>[1]> & { readonly urls?: readonly string[] } = {},
): Promise<Device> {
  const { urls = tree.leaves.map(({ url }) => url), ...given } = options;
  return await join(
    urls,
    {
      identity: await generateIdentity(),
      ...{ fetch: tree.fetch, clock: tree.clock, digest: nativeDigest, trainer },
      ...given,
    } as Parameters<typeof join>[1],
  );
}

/** Joins as soon as one of the regions is there. */
async function joinInTheEnd(tree: Tree): Promise<Device> {
  for (;;) {
    try {
      return await joinBoth(tree);
    } catch (error) {
      if (!isTributaryError(error, "peer-unreachable")) throw error;
    }
  }
}

/** A network that is down towards some hosts. */
function severable() {
  const down = new Set<string>();
  const through = (fetch: Fetch): Fetch => async (request) => {
    const { host } = new URL(request.url);
    if (down.has(host)) throw new TypeError("connection refused");
    return await fetch(request);
  };
  return { down, through };
}

Deno.test("failover: of several regions the first to answer is joined, and one that is away is passed over", async () => {
  const net = severable();
  const task = smallTask();
  await using tree = await startTree({
    ...{ task, shape: [3], clock: hastyClock(), through: net.through },
  });
  const [north, south, west] = tree.leaves.map(({ url }) => url);
  net.down.add("region-0-0.test");
  const joined = Promise.withResolvers<void>();
  const slow: Fetch = async (request) => {
    // The third one answers later than the second.
    if (request.url.startsWith(west ?? "")) await joined.promise;
    return await tree.fetch(request);
  };
  await using me = await joinBoth(tree, { fetch: slow });
  joined.resolve();
  assert.deepEqual(tree.leaves.map(({ life }) => life.status().members), [0, 1, 0]);
  assert.equal(me.taskId, tree.id);
  assert.ok(north !== undefined && south !== undefined);
  await assert.rejects(joinBoth(tree, { urls: [] }), TypeError);
});

Deno.test("failover: a device whose region goes away takes part elsewhere, and is on one roster in the end", async () => {
  const net = severable();
  await using time = tickingClock();
  const task = smallTask({ roundMs: MINUTES, stop: { rounds: 4 } });
  await using tree = await startTree({
    ...{ task, shape: [2], clock: time.clock, through: net.through },
  });
  await using me = await joinBoth(tree);
  const isHome = ({ life }: Node) => life.status().members === 1;
  const [home, other] = isHome(tree.leaves[0]!) ? tree.leaves : tree.leaves.toReversed();
  const rounds = me.rounds();
  const sent = async () => {
    for (;;) {
      const { value, done } = await rounds.next();
      if (done) return false;
      if (value.kind === "sent") return true;
    }
  };
  assert.ok(await sent());
  const { host } = new URL(home!.url);
  net.down.add(host);
  assert.ok(await sent());
  assert.equal(isHome(other!), true);
  net.down.delete(host);
  // It is told as soon as it can be reached, and waits for this device no more.
  assert.ok(await sent());
  assert.deepEqual([home!, other!].map(isHome), [false, true]);
});

Deno.test("failover: a region that drains sends its members on, and none of their updates is lost", async () => {
  const seen = witness();
  await using time = tickingClock();
  const task = smallTask({
    ...{ roundMs: MINUTES, clients: { min: 3, max: 10 }, stop: { rounds: 4 } },
  });
  await using tree = await startTree({
    ...{ task, shape: [2], clock: time.clock, through: seen.through },
  });
  const devices = await Promise.all([0, 1, 2].map(() => joinBoth(tree)));
  const [draining] = tree.leaves.filter(({ life }) => life.status().members > 0);
  const reports = Promise.all(devices.map((device) => Array.fromAsync(device.rounds())));
  await tree.until(() => tree.root.life.status().round >= 2);
  await draining!.drain();
  const all = (await reports).flat();
  assert.equal(draining!.life.status().members, 0);
  for (const [key, hosts] of seen.taken) assert.equal(hosts.size, 1, key);
  // Everybody was in every round that was published, as three are the fewest.
  const { entries } = await tree.root.life.log(0, 1000);
  const published = entries.flatMap(({ body: { event } }) =>
    event.kind === "published" ? [event.clients] : []
  );
  assert.deepEqual(published, [3, 3, 3, 3]);
  assert.equal(all.filter(({ kind }) => kind === "sent").length >= 12, true);
  for (const device of devices) await device[Symbol.asyncDispose]();
});

Deno.test("failover: an update whose answer never comes is not sent elsewhere", async () => {
  await using time = tickingClock();
  const { clock } = time;
  const seen = witness();
  const lost = new Set<string>();
  const task = smallTask({ roundMs: MINUTES, stop: { rounds: 2 } });
  await using tree = await startTree({
    ...{ task, shape: [2], clock },
    through: (fetch) => async (request) => {
      const response = await seen.through(fetch)(request);
      const update = updateOf(request);
      // From its first update on, nothing comes back from that region any more.
      if (update !== undefined && lost.size === 0 && !update.host.startsWith("root")) {
        lost.add(update.host);
      }
      const fromDevice = !request.headers.has("tributary-members");
      const { host } = new URL(request.url);
      if (lost.has(host) && fromDevice) throw new TypeError("connection reset");
      return response;
    },
  });
  const reports: RoundReport[] = [];
  {
    await using me = await joinBoth(tree);
    for await (const report of me.rounds()) {
      reports.push(report);
      if (report.kind === "sent") break;
    }
  }
  const [first] = reports;
  assert.deepEqual(first, { kind: "missed", round: 1, reason: "unconfirmed" });
  assert.equal(reports.at(-1)?.kind, "sent");
  assert.equal(seen.taken.size >= 2, true);
  for (const [key, hosts] of seen.taken) assert.equal(hosts.size, 1, key);
});

Deno.test("failover: a device that is restarted in mid-round does not send elsewhere what it may have sent before", async () => {
  const seen = witness();
  const identity = await generateIdentity();
  const state = memoryState();
  await using time = tickingClock();
  const task = smallTask({ roundMs: MINUTES, stop: { rounds: 2 } });
  const cut = new AbortController();
  await using tree = await startTree({
    ...{ task, shape: [2], clock: time.clock },
    through: (fetch) => async (request) => {
      const response = await seen.through(fetch)(request);
      if (updateOf(request)?.host.startsWith("region")) cut.abort(new Error("power cut"));
      return response;
    },
  });
  // Somebody else keeps the first round open.
  await using bystander = await joinBoth(tree, { urls: [tree.leaves[1]!.url] });
  const first = await joinBoth(tree, { identity, state, urls: [tree.leaves[0]!.url] });
  await assert.rejects(Array.fromAsync(first.rounds({ signal: cut.signal })), /power cut/);
  await first[Symbol.asyncDispose]();
  const urls = tree.leaves.map(({ url }) => url).toReversed();
  await using again = await joinBoth(tree, { identity, state, urls: [urls[0]!] });
  const rounds = again.rounds();
  assert.deepEqual((await rounds.next()).value, {
    ...{ kind: "missed", round: 1, reason: "unconfirmed" },
  });
  const others = Array.fromAsync(bystander.rounds());
  assert.equal((await rounds.next()).value?.kind, "sent");
  await others;
  for (const [key, hosts] of seen.taken) assert.equal(hosts.size, 1, key);
});

Deno.test("failover: whatever gets lost, and whichever region is away for how long, no update is in two regions", async () => {
  const fault = fc.oneof(
    { weight: 6, arbitrary: fc.constant("none" as const) },
    fc.constantFrom("request lost", "answer lost", "busy", "sent twice" as const),
  );
  const run = fc.record({
    faults: fc.array(fault, { minLength: 20, maxLength: 120 }),
    // After so many of its updates a region is gone before it has answered, for so many requests.
    gone: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 5, max: 60 })), { maxLength: 6 }),
    outages: fc.array(fc.record({ at: fc.nat(150), for: fc.nat(40), region: fc.nat(1) }), {
      maxLength: 6,
    }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ faults, outages, gone }) => {
      const seen = witness();
      let count = 0;
      let updates = 0;
      const backAt = new Map<string, number>();
      const faulty = (fetch: Fetch): Fetch => async (request) => {
        const { host, pathname } = new URL(request.url);
        const isDevice = !request.headers.has("tributary-members") && host.startsWith("region");
        if (!isDevice) return await fetch(request);
        const now = count++;
        const isDown = outages.some(({ at, for: span, region }) =>
          host === `region-0-${region}.test` && now >= at && now < at + span
        );
        if (isDown || now < (backAt.get(host) ?? 0)) throw new TypeError("connection refused");
        if (updateOf(request) !== undefined) {
          const span = gone[updates++] ?? 0;
          if (span > 0) {
            await (await fetch(request)).body?.cancel();
            backAt.set(host, count + span);
            throw new TypeError("connection reset");
          }
        }
        const fault = faults[now] ?? "none";
        switch (fault) {
          case "none":
            return await fetch(request);
          case "request lost":
            throw new TypeError("connection reset");
          case "busy":
            return Response.json({
              title: "",
              status: 503,
              code: "busy",
              detail: "",
              type: "about:blank",
            }, {
              status: 503,
              headers: { "retry-after": "1", "content-type": "application/problem+json" },
            });
          case "sent twice": {
            const twin = request.clone();
            await fetch(request);
            return await fetch(twin);
          }
          case "answer lost":
            await (await fetch(request)).body?.cancel();
            throw new TypeError(`connection reset at ${pathname}`);
          default:
            throw fault satisfies never;
        }
      };
      const task = smallTask({
        ...{ roundMs: MINUTES, clients: { min: 2, max: 10 }, stop: { rounds: 2 } },
      });
      await using time = tickingClock();
      await using tree = await startTree({
        ...{ task, shape: [2], clock: time.clock },
        through: (fetch) => faulty(seen.through(fetch)),
      });
      const devices = await Promise.all([0, 1, 2].map(() => joinInTheEnd(tree)));
      try {
        const reports = await Promise.all(devices.map((one) => Array.fromAsync(one.rounds())));
        for (const [key, hosts] of seen.taken) assert.equal(hosts.size, 1, key);
        for (const [at, list] of reports.entries()) {
          for (const report of list) {
            if (report.kind !== "sent") continue;
            assert.ok(seen.taken.has(`${report.round} ${devices[at]?.id}`), "a receipt of nothing");
          }
        }
      } finally {
        for (const device of devices) await device[Symbol.asyncDispose]();
      }
    }),
    { numRuns: 8 },
  );
});

for (
  const [what, then] of [
    ["is there no more when a device wants to send", "the parcel is masked for its sibling"],
    ["is gone with a parcel", "the device does without the round"],
    // It could put the parcel in its sum for all that it has promised.
    ["takes a device's abstention but not its parcel", "the device does without the round"],
  ] as const
) {
  Deno.test(`failover: where a region of a masked task ${what}, ${then}`, async () => {
    const isHeard = what === "is there no more when a device wants to send";
    const isHeldBack = what === "takes a device's abstention but not its parcel";
    const seen = witness();
    const net = severable();
    await using time = tickingClock();
    const committee = await startCommittee(3, time.clock);
    const task = smallTask({
      mask: { kind: "kahe1", helpers: committee.helpers, min: 2 },
      ...{ roundMs: MINUTES, clients: { min: 2, max: 10 }, stop: { rounds: 2 } },
    });
    let vanishing = "";
    await using tree = await startTree({
      ...{ task, shape: [2], clock: time.clock },
      through: (fetch) => {
        const beneath = seen.through(net.through(committee.through(fetch)));
        return async (request) => {
          const update = updateOf(request);
          if (isHeldBack && update !== undefined && update.host === vanishing) {
            throw new TypeError("connection reset");
          }
          const response = await beneath(request);
          if (isHeard || update === undefined || update.host !== vanishing) return response;
          vanishing = "";
          net.down.add(update.host);
          throw new TypeError("connection reset");
        };
      },
    });
    const [north, south] = tree.leaves.map(({ url }) => url);
    const { host } = new URL(north!);
    let isFirst = true;
    const leaving: Trainer = (model, context) => {
      if (isFirst && isHeard) net.down.add(host);
      if (isFirst) vanishing = host;
      isFirst = false;
      return trainer(model, context);
    };
    // The second region is not there yet when this device looks for the nearest.
    net.down.add(new URL(south!).host);
    await using mover = await joinBoth(tree, { trainer: leaving });
    net.down.clear();
    await using other = await joinBoth(tree, { urls: [south!] });
    // One that is late keeps the round of the second region open.
    const late: Trainer = async (model, context) => {
      const isThere = () => tree.leaves[1]!.life.status().members === 3;
      while (isHeard && !isThere() && !context.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (isHeldBack) await time.clock.sleep(MINUTES / 2, { signal: context.signal });
      return await trainer(model, context);
    };
    await using third = await joinBoth(tree, { urls: [south!], trainer: late });
    const loops = [other, third].map((device) => Array.fromAsync(device.rounds()));
    const reports = await Array.fromAsync(mover.rounds());
    await Promise.all(loops);
    const [first] = reports;
    assert.equal(first?.round, 1);
    assert.equal(
      first.kind === "missed" ? first.reason : first.kind,
      isHeard ? "sent" : "unconfirmed",
    );
    for (const [key, hosts] of seen.taken) assert.equal(hosts.size, 1, key);
    const { entries } = await tree.root.life.log(0, 1000);
    const counts = entries.flatMap(({ body: { event } }) =>
      event.kind === "published" ? [event.clients] : []
    );
    assert.equal(counts.length, 2);
    assert.ok(counts.every((clients) => clients <= 3));
    if (isHeard) assert.equal(counts[0], 3);
  });
}

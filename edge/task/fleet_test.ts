import assert from "node:assert/strict";
import { toBase64Url } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { generateIdentity } from "../../src/core/identity.ts";
import { systemRandom } from "../../src/core/random.ts";
import { decodeSafetensors } from "../../src/core/safetensors.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import type { LogEvent } from "../../src/wire/log.ts";
import type { Party } from "../../src/wire/party.ts";
import type { Peer } from "../../src/wire/peer.ts";
import { createPhasePeer } from "../../src/wire/phase_peer.ts";
import type { OpenRound } from "../../src/wire/round_info.ts";
import { planDigest } from "../../src/wire/session_id.ts";
import { type Task, taskId } from "../../src/wire/task.ts";
import { verifyLog } from "../../src/wire/verify_log.ts";
import { hastyClock } from "../../tests/hasty_clock.ts";
import { createFleet, type FleetOptions, watchLanes } from "../_fleet_testing.ts";
import { runMaskedClient } from "../_masked_testing.ts";
import { phasedTask } from "../_phased_testing.ts";
import {
  insideOf,
  openRound,
  parcelDigest,
  parcelOf,
  publishedSums,
  sumDigest,
  testPeer,
  testTask,
} from "../_testing.ts";
import { createRootProcess, patientPeer, type Process } from "../_tree_testing.ts";
import { testCommittee } from "../helper/_testing.ts";
import { sharedMemory } from "../memory/shared_memory.ts";
import type { RoundStore } from "../store.ts";

/** Word of writes gets lost: what is not known is looked up. */
const deaf = (store: RoundStore): RoundStore => ({
  ...store,
  shared: { ...store.shared!, watch: () => ({ [Symbol.dispose]() {} }) },
});

const WORDS = 5;
const ROUNDS = 2;
const CLIENTS = 6;

function wordsOf(i: number, round: number): number[] {
  return [i + round, 8190 - i, round * 1000 + i, i * i, 4095];
}

/** What all clients send in a round, added up. */
function sumOf(round: number): number[] {
  const all = Array.from({ length: CLIENTS }, (_, i) => wordsOf(i, round));
  return Array.from({ length: WORDS }, (_, at) => all.reduce((sum, words) => sum + words[at]!, 0));
}

function taskFor(change: Partial<Task> = {}): Task {
  const { clients, ...rest } = { clients: { min: CLIENTS, max: CLIENTS }, ...change };
  return testTask(WORDS, { clients, stop: { rounds: ROUNDS }, ...rest });
}

async function eventsOf(process: Process, task: Task): Promise<LogEvent[]> {
  const peer = patientPeer(hastyClock(), process.fetch, await generateIdentity());
  const { entries } = await peer.log(await taskId(task), { from: 0 });
  await verifyLog(entries, { task, signer: toBase64Url(process.identity.publicKey) });
  return entries.map(({ body }) => body.event);
}

/** Runs a task whose clients go round the instances of one region. */
async function runFleet(task: Task, options: FleetOptions & { readonly fetch?: Fetch }) {
  const { fetch, ...shape } = options;
  const clock = hastyClock();
  const root = await createRootProcess(clock, task, fetch && { fetch });
  await root.start();
  const fleet = await createFleet(clock, root, shape);
  for (const instance of fleet) await instance.start();
  const runs = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      runMaskedClient(clock, fleet[i % fleet.length]!, {
        task,
        words: (round) => wordsOf(i, round),
      })),
  );
  const id = await taskId(task);
  const peer = patientPeer(clock, root.fetch, await generateIdentity());
  const { entries } = await peer.log(id, { from: 0 });
  const signer = toBase64Url(root.identity.publicKey);
  const { model } = await verifyLog(entries, { task, signer });
  const outcome = {
    runs,
    model: decodeSafetensors(await peer.model(id, model!)).tensors.w!.data,
    sums: await publishedSums(peer, id),
    logs: await Promise.all(fleet.map((instance) => eventsOf(instance, task))),
  };
  for (const process of [...fleet, root]) await process.stop();
  const kept = ["sum/", "upload/", "evidence/"];
  const left = await Promise.all(kept.map((it) => fleet[0]!.store.sliceNames(id, it)));
  return { ...outcome, left: left.flat() };
}

for (const instances of [1, 2, 3]) {
  Deno.test(`fleet: clients of ${instances} instances are in one sum, which is forwarded once`, async () => {
    const lanes = new Map<number, Set<number>>();
    const { runs, sums, logs, left } = await runFleet(taskFor(), {
      instances,
      wrap: watchLanes(lanes),
    });
    assert.deepEqual(sums, [await sumDigest(sumOf(1)), await sumDigest(sumOf(2))]);
    assert.deepEqual(runs.map(({ rounds }) => rounds), runs.map(() => [1, 2]));
    for (const events of logs) {
      const forwarded = events.filter((event) => event.kind === "forwarded");
      assert.deepEqual(forwarded.map(({ round, clients }) => [round, clients]), [[1, 6], [2, 6]]);
    }
    assert.deepEqual(
      [1, 2].map((round) => [...lanes.get(round)!].sort()),
      [1, 2].map(() => Array.from({ length: instances }, (_, lane) => lane)),
    );
    assert.deepEqual(left, []);
  });
}

Deno.test("fleet: masked updates of two instances open to the model of the plain ones", async () => {
  const committee = await testCommittee({
    ...{ words: WORDS, mask: { min: 2 }, app: { clock: hastyClock() } },
    task: { clients: { min: CLIENTS, max: CLIENTS }, stop: { rounds: ROUNDS } },
  });
  const { task, fetch } = committee;
  const masked = await runFleet(task, { instances: 2, fetch });
  const plain = await runFleet({ ...task, mask: { kind: "none" } }, { instances: 1 });
  assert.deepEqual(masked.model, plain.model);
  assert.deepEqual(masked.left, []);
});

Deno.test("fleet: a batch that was overtaken runs again, and its updates are in the sum once", async () => {
  let losses = 0;
  const { runs, sums } = await runFleet(taskFor(), {
    instances: 2,
    // Of every write with an update the first tries come too late, as if another had been first.
    wrap: (store) => {
      const tries = new Map<string, number>();
      return {
        ...store,
        async write(task, expected, change) {
          const key = JSON.stringify(change.updates?.map(({ member, round }) => [member, round]));
          const count = (tries.get(key) ?? 0) + 1;
          tries.set(key, count);
          if ((change.updates?.length ?? 0) === 0 || count > 3) {
            return await store.write(task, expected, change);
          }
          losses++;
          const now = await store.read(task);
          // Another instance writes what it has, and nothing else.
          await store.write(task, now!.version, { record: now!.record });
          return await store.write(task, expected, change);
        },
      };
    },
  });
  assert.ok(losses >= 3 * ROUNDS, `${losses} writes were overtaken`);
  assert.deepEqual(sums, [await sumDigest(sumOf(1)), await sumDigest(sumOf(2))]);
  assert.deepEqual(runs.map(({ rounds }) => rounds), runs.map(() => [1, 2]));
});

Deno.test("fleet: of a batch that was overtaken, what another instance has taken is not added again", async () => {
  const clock = hastyClock();
  const task = taskFor({ clients: { min: 2, max: 9 }, stop: { rounds: 1 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  let overtake: (() => Promise<unknown>) | undefined;
  const fleet: readonly Process[] = await createFleet(clock, root, {
    instances: 2,
    wrap: (store, at) => ({
      ...store,
      async write(task, expected, change) {
        // Before the first instance has written both updates, the second one writes one of them.
        if (at === 0 && change.updates?.length === 2) {
          await overtake?.();
          overtake = undefined;
        }
        return await store.write(task, expected, change);
      },
    }),
  });
  for (const instance of fleet) await instance.start();
  const members = [await generateIdentity(), await generateIdentity()];
  const [first, second] = fleet.map(({ fetch }) =>
    members.map((identity) => patientPeer(clock, fetch, identity))
  );
  const { region } = await first![0]!.task(id);
  for (const peer of first!) await peer.enrol(id, { kind: "client", size: 1, region });
  const { sid } = await openRound(first![0]!, task);
  const send = async (peer: Peer, i: number) => {
    const parcel = parcelOf(wordsOf(i, 1));
    const { slices } = await parcelDigest(parcel);
    return await peer.putUpdate(id, { round: 1, sid, clients: 1, parcel, slices, region });
  };
  overtake = () => send(second![0]!, 0);
  await Promise.all(first!.map(send));
  assert.equal(overtake, undefined, "both were in one batch");
  const watcher = patientPeer(clock, root.fetch, await generateIdentity());
  const plan = await planDigest(task);
  while ((await watcher.round(id, { after: 1, waitS: 60, plan }))?.kind !== "finished");
  const sum = wordsOf(0, 1).map((word, at) => word + wordsOf(1, 1)[at]!);
  assert.deepEqual(await publishedSums(watcher, id), [await sumDigest(sum)]);
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: an update that comes to two instances at once gets its receipt from both, though the round closes with it", async () => {
  const clock = manualClock();
  const task = taskFor({ clients: { min: 1, max: 9 }, stop: { rounds: 1 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 2 });
  for (const instance of fleet) await instance.start();
  const begun = Promise.withResolvers<void>();
  /** The first instance hears no more than the beginning of an update. */
  const halting: Fetch = async (request) => {
    if (!request.url.includes("/updates/")) return await fleet[0]!.fetch(request);
    const bytes = await request.bytes();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes.subarray(0, 4));
        begun.resolve();
      },
    });
    const { url, method, headers } = request;
    return await fleet[0]!.fetch(new Request(url, { method, headers, body }));
  };
  const identity = await generateIdentity();
  const first = patientPeer(clock, halting, identity);
  const second = patientPeer(clock, fleet[1]!.fetch, identity);
  const { region } = await second.task(id);
  await second.enrol(id, { kind: "client", size: 1, region });
  const { sid } = await openRound(second, task);
  const parcel = parcelOf(wordsOf(0, 1));
  const { slices } = await parcelDigest(parcel);
  const upload = { round: 1, sid, clients: 1, parcel, slices, region };
  const pending = first.putUpdate(id, upload);
  await begun.promise;
  assert.deepEqual(await second.putUpdate(id, upload), await pending);
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: what one instance was told, the others know at once", async () => {
  const clock = hastyClock();
  const task = taskFor({ clients: { min: 1, max: 9 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 2, wrap: deaf });
  for (const instance of fleet) await instance.start();
  const identity = await generateIdentity();
  const [one, other] = fleet.map(({ fetch }) => patientPeer(clock, fetch, identity));
  const { region } = await one!.task(id);
  await one!.enrol(id, { kind: "client", size: 1, region });
  const info = await other!.round(id, {
    ...{ after: 0, waitS: 60, plan: await planDigest(task), as: { region } },
  });
  assert.equal(info?.kind, "open");
  const round = info as OpenRound;
  assert.equal(round.share?.clients, 1);
  assert.equal((await one!.model(id, round.model)).length, round.model.bytes);
  const parcel = parcelOf(wordsOf(0, 1));
  const { slices } = await parcelDigest(parcel);
  const upload = { round: 1, sid: round.sid, clients: 1, parcel, slices, region };
  const receipt = await one!.putUpdate(id, upload);
  assert.deepEqual(await other!.putUpdate(id, upload), receipt);
  await other!.leave(id, { region });
  await assert.rejects(one!.abstain(id, { round: 2, sid: round.sid, region }), {
    code: "member-unknown",
  });
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: a client speaks in phases to an instance that has not heard of it", async () => {
  const clock = hastyClock();
  const task = phasedTask(WORDS);
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 2, wrap: deaf });
  for (const instance of fleet) await instance.start();
  const identity = await generateIdentity();
  const [one, other] = fleet.map(({ fetch }) => fetch);
  const peer = patientPeer(clock, one!, identity);
  const { region } = await peer.task(id);
  await peer.enrol(id, { kind: "client", size: 1, region });
  const phasePeer = createPhasePeer({
    ...{ url: "http://region.test", fetch: other!, identity, clock, random: systemRandom },
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
  });
  const question = { task: id, member: identity.id, region, phase: "roster", waitS: 0 } as const;
  await assert.rejects(phasePeer.get({ ...question, round: 9 }), { code: "round-unknown" });
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: when the instance that forwards dies, another one does it", async () => {
  const clock = manualClock();
  const task = taskFor({ clients: { min: 1, max: 9 }, stop: { rounds: 1 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 2 });
  for (const instance of fleet) await instance.start();
  const leads = () => fleet.map(({ app }) => insideOf(app.aggregator).world.instance.leads);
  assert.deepEqual(leads(), [true, false]);
  const identity = await generateIdentity();
  const peer = patientPeer(clock, fleet[1]!.fetch, identity);
  const { region } = await peer.task(id);
  await peer.enrol(id, { kind: "client", size: 1, region });
  const round = await openRound(peer, task);
  fleet[0]!.kill();
  const parcel = parcelOf(wordsOf(0, 1));
  const { slices } = await parcelDigest(parcel);
  await peer.putUpdate(id, { round: 1, sid: round.sid, clients: 1, parcel, slices, region });
  // Nobody forwards until the lease of the dead one is over.
  assert.equal((await peer.status(id)).phase, "sealed");
  const over = peer.round(id, { after: 1, waitS: 60, plan: await planDigest(task) });
  let finished: string | undefined;
  over.then((info) => finished = info?.kind);
  while (finished === undefined) {
    clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(finished, "finished");
  assert.equal(leads()[1], true);
  assert.deepEqual(await publishedSums(patientPeer(clock, root.fetch, identity), id), [
    await sumDigest(wordsOf(0, 1)),
  ]);
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: a request that one instance took is refused by the others", async () => {
  const clock = manualClock();
  const task = taskFor({ clients: { min: 1, max: 9 } });
  const id = await taskId(task);
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 2 });
  for (const instance of fleet) await instance.start();
  clock.advance(1000);
  const identity = await generateIdentity();
  const sent: Request[] = [];
  const recorded: Fetch = (request) => {
    sent.push(request.clone());
    return fleet[0]!.fetch(request);
  };
  const peer = patientPeer(clock, recorded, identity);
  const { region } = await peer.task(id);
  const enrolment = { kind: "client", size: 1, region } as const;
  await peer.enrol(id, enrolment);
  const round = await openRound(peer, task);
  await peer.leave(id, { region });
  await peer.enrol(id, enrolment);
  const parcel = parcelOf(wordsOf(0, 1));
  const { slices } = await parcelDigest(parcel);
  const upload = { round: 1, sid: round.sid, clients: 1, parcel, slices, region };
  const receipt = await peer.putUpdate(id, upload);
  const again: [string, number, string][] = [];
  for (const request of sent.filter(({ headers }) => headers.has("signature"))) {
    const { method } = request;
    const answer = await fleet[1]!.fetch(request);
    const { code = "", member = "" } = await answer.json();
    again.push([method, answer.status, code || member]);
  }
  // The update is in the sum once: whoever sends it again gets the receipt that there is.
  assert.deepEqual(again, [
    ["PUT", 401, "request-replayed"],
    ["DELETE", 401, "request-replayed"],
    ["PUT", 401, "request-replayed"],
    ["PUT", 200, identity.id],
  ]);
  assert.deepEqual(
    await patientPeer(clock, fleet[1]!.fetch, identity).putUpdate(id, upload),
    receipt,
  );
  for (const process of [...fleet, root]) await process.stop();
});

Deno.test("fleet: members that ask for a round at any instance are there to be asked", async () => {
  const clock = hastyClock();
  const sampling = { kind: "available", count: CLIENTS, overSelect: 1 } as const;
  const task = taskFor({ sampling, stop: { rounds: 1 } });
  const root = await createRootProcess(clock, task);
  await root.start();
  const fleet = await createFleet(clock, root, { instances: 3 });
  for (const instance of fleet) await instance.start();
  // Nobody asks the first one, which draws.
  const leads = fleet.map(({ app }) => insideOf(app.aggregator).world.instance.leads);
  assert.deepEqual(leads, [true, false, false]);
  const runs = await Promise.all(
    Array.from(
      { length: CLIENTS },
      (_, i) =>
        runMaskedClient(clock, fleet[1 + i % 2]!, { task, words: (round) => wordsOf(i, round) }),
    ),
  );
  assert.deepEqual(runs.map(({ rounds }) => rounds), runs.map(() => [1]));
  for (const process of [...fleet, root]) await process.stop();
  assert.deepEqual(await fleet[0]!.store.sliceNames(await taskId(task), "presence/"), []);
});

/** Two instances of one root, started. */
async function rootFleet(clock: Clock, task: Task) {
  const memory = sharedMemory(clock);
  const identity = await generateIdentity();
  const roots = await Promise.all(
    [0, 1].map(() => createRootProcess(clock, task, { store: memory.open(), identity })),
  );
  return { roots, identity };
}

Deno.test("fleet: two instances of a root publish each round once", async () => {
  const clock = hastyClock();
  const task = taskFor();
  const { roots, identity } = await rootFleet(clock, task);
  for (const root of roots) await root.start();
  const runs = await Promise.all(
    Array.from(
      { length: CLIENTS },
      (_, i) =>
        runMaskedClient(clock, roots[i % 2]!, { task, words: (round) => wordsOf(i, round) }),
    ),
  );
  assert.deepEqual(runs.map(({ rounds }) => rounds), runs.map(() => [1, 2]));
  const id = await taskId(task);
  for (const root of roots) {
    assert.equal(root.identity.id, identity.id);
    const peer = patientPeer(clock, root.fetch, await generateIdentity());
    assert.deepEqual(await publishedSums(peer, id), [
      await sumDigest(sumOf(1)),
      await sumDigest(sumOf(2)),
    ]);
    assert.equal((await eventsOf(root, task)).filter(({ kind }) => kind === "published").length, 2);
  }
  for (const root of roots) await root.stop();
});

Deno.test("fleet: a root's second instance refuses a task whose phases the first one keeps", async () => {
  const clock = manualClock();
  const task = phasedTask(WORDS);
  const { roots: [first, second] } = await rootFleet(clock, task);
  await first!.start();
  const refused = assert.rejects(second!.start(), { code: "task-refused" });
  let isOver = false;
  refused.finally(() => isOver = true);
  while (!isOver) {
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await refused;
  // One that has died is waited for.
  first!.kill();
  let isUp = false;
  const starting = second!.start().then(() => isUp = true);
  while (!isUp) {
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await starting;
  assert.equal(second!.app.aggregator.tasks.size, 1);
  for (const root of [first!, second!]) await root.stop();
});

Deno.test("fleet: an upload whose slices are gone fails alone, not those that share its write", async () => {
  const clock = hastyClock();
  const task = taskFor({ clients: { min: 3, max: 9 } });
  const id = await taskId(task);
  const memory = sharedMemory(clock);
  const bad = await generateIdentity();
  let isLost = true;
  // As if another instance had forgotten them.
  const store: RoundStore = {
    ...memory.open(),
    async slice(task, name, index) {
      if (isLost && name.startsWith(`upload/1/${bad.id}/`)) return undefined;
      return await memory.open().slice(task, name, index);
    },
  };
  const root = await createRootProcess(clock, task, { store, limits: { heldBytes: 1 } });
  await root.start();
  const peers: { readonly peer: Peer; readonly region: Party }[] = [];
  for (const identity of [bad, await generateIdentity(), await generateIdentity()]) {
    const peer = testPeer({ clock, fetch: root.fetch }, identity);
    const { region } = await peer.task(id);
    await peer.enrol(id, { kind: "client", size: 1, region });
    peers.push({ peer, region });
  }
  const { sid } = await openRound(peers[0]!.peer, task);
  const parcel = parcelOf(wordsOf(0, 1));
  const { slices } = await parcelDigest(parcel);
  const send = ({ peer, region }: (typeof peers)[number]) =>
    peer.putUpdate(id, { round: 1, sid, clients: 1, parcel, slices, region });
  const results = await Promise.allSettled(peers.map(send));
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "fulfilled", "fulfilled"]);
  isLost = false;
  await send(peers[0]!);
  assert.equal((await openRound(peers[0]!.peer, task, 1)).round, 2);
  await root.stop();
});

Deno.test("fleet: instances that are too far behind to be told what changed read everything", async () => {
  const { open } = sharedMemory(hastyClock(), 1);
  let [told, untold] = [0, 0];
  const { runs, sums, left } = await runFleet(taskFor(), {
    instances: 3,
    open,
    wrap: (store) => ({
      ...store,
      shared: {
        ...store.shared!,
        async changes(task, since) {
          const changes = await store.shared!.changes(task, since);
          changes === undefined ? untold++ : told++;
          return changes;
        },
      },
    }),
  });
  assert.ok(told > 0 && untold > 0, `told ${told} times, and ${untold} times not`);
  assert.deepEqual(sums, [await sumDigest(sumOf(1)), await sumDigest(sumOf(2))]);
  assert.deepEqual(runs.map(({ rounds }) => rounds), runs.map(() => [1, 2]));
  assert.deepEqual(left, []);
});

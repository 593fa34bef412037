/**
 * What the tests of `secagg_plus` share: a round with all its clients in one process, any of which may
 * go away at any phase.
 *
 * @module
 */
import { toHex } from "../core/bytes.ts";
import { type Digest, promptDigest } from "../core/digest.ts";
import { generateIdentity, type Identity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { type AggregateCore, createAggregateCore } from "../wasm/aggregate.ts";
import { inlineModule } from "../wasm/inline.ts";
import type { UpPhase } from "../wire/phase.ts";
import type { ParcelPlan } from "./parcel.ts";
import { type SeedMasks, seedMasks } from "./seed_masks.ts";
import { takeOutcome, takeSignatures } from "./secagg_plus_answer.ts";
import { advertise, afterMasking, takeInbox, takeRoster } from "./secagg_plus_client.ts";
import type {
  AdvertisedClient,
  AgreedClient,
  ClientRound,
  DoneClient,
  MaskedClient,
  ReadyClient,
  SharedClient,
} from "./secagg_plus_states.ts";
import type { SecaggPlan } from "./secagg_plus_round.ts";
import { createSecaggServer, type SecaggServer } from "./secagg_plus_server.ts";

/** The compiled core. */
export const module: WebAssembly.Module = await inlineModule("aggregate");

/** SHA-256 at once. */
export const hash: Digest = promptDigest;

/** A client's state at any time. */
export type AnyState =
  | AdvertisedClient
  | SharedClient
  | ReadyClient
  | MaskedClient
  | AgreedClient
  | DoneClient;

/** A client of a test. */
export interface TestClient {
  readonly round: ClientRound;
  readonly member: string;
  state: AnyState;
  /** Its values. */
  readonly values: Uint32Array<ArrayBuffer>;
  /** What it sent, if it came to that. */
  masked?: Uint8Array<ArrayBuffer>;
}

/** When a client goes away. */
export type LostAt = UpPhase | "input" | "never";

/** What a test round is made of. */
export interface TestRoundOptions {
  readonly clients: number;
  readonly plan: SecaggPlan;
  readonly parcels: ParcelPlan;
  /** When the client of a number goes; never by default. */
  lostAt?(client: number): LostAt;
  /** Changes what a client sends. */
  spoil?(phase: UpPhase, client: number, message: Uint8Array): Uint8Array;
  /** The identities, for those that cost time to make. */
  readonly identities?: readonly Identity[];
}

/** A round at its end, before the sum is opened. */
export interface TestRound {
  readonly core: AggregateCore;
  readonly masks: SeedMasks;
  readonly sid: string;
  readonly owner: Identity;
  readonly server: SecaggServer;
  readonly clients: readonly TestClient[];
  /** Numbers of those whose parcel is in the sum. */
  readonly survivors: readonly number[];
  /** Sum of the masked parcels. */
  readonly sum: Uint8Array<ArrayBuffer>;
  /** Opens it. */
  open(): Promise<Uint32Array>;
  /** What it must be. */
  readonly want: Uint32Array;
}

/** Adds masked parcels. */
export function addParcels(
  core: AggregateCore,
  { ring, parcelBytes }: SeedMasks,
  parcels: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const { memory } = core;
  const mark = memory.mark();
  const [acc, x] = [memory.alloc(parcelBytes), memory.alloc(parcelBytes)];
  memory.u8(acc).fill(0);
  for (const parcel of parcels) {
    memory.u8(x).set(parcel);
    ring.add(core, acc, x);
  }
  const sum = memory.u8(acc).slice();
  memory.release(mark);
  return sum;
}

/** Plays a round up to its last message. */
export async function playRound(options: TestRoundOptions): Promise<TestRound> {
  const { plan, parcels, lostAt = () => "never", spoil = (_phase, _client, it) => it } = options;
  const core = createAggregateCore(module);
  const owner = await generateIdentity();
  const sid = toHex(systemRandom(32));
  const round = {
    ...{ task: "11".repeat(32), round: 3, sid, plan, core, hash },
    random: systemRandom,
  };
  const server = await createSecaggServer({ ...round, identity: owner, secret: systemRandom(32) });
  const masks = seedMasks(parcels);
  const ORDER: readonly LostAt[] = [
    ...["advertise", "share", "input", "consistency", "unmask", "never"] as const,
  ];
  const isThere = (client: number, at: LostAt) => ORDER.indexOf(lostAt(client)) > ORDER.indexOf(at);
  const send = async (phase: UpPhase, client: number, member: string, message: Uint8Array) => {
    if (!isThere(client, phase)) return;
    const checked = await server.check(phase, member, spoil(phase, client, message));
    checked.take();
  };
  const clients: TestClient[] = [];
  for (let i = 0; i < options.clients; i++) {
    const identity = options.identities?.[i] ?? await generateIdentity();
    const client = { ...round, identity, owner };
    const { state, message } = await advertise(client);
    const values = Uint32Array.from(
      { length: parcels.values },
      (_, at) => (at * 37 + i * 101 + 5) % (parcels.largest + 1),
    );
    clients.push({ round: client, member: identity.id, state, values });
    await send("advertise", i, identity.id, message);
  }
  await server.closeAdvertise();
  const each = async (at: LostAt, work: (client: TestClient, i: number) => Promise<void>) => {
    for (const [i, client] of clients.entries()) if (isThere(i, at)) await work(client, i);
  };
  await each("advertise", async (client, i) => {
    const bytes = server.answer("roster", client.member)!;
    const step = await takeRoster(client.round, client.state as AdvertisedClient, bytes);
    client.state = step.state;
    await send("share", i, client.member, step.message);
  });
  server.closeShare();
  await each("share", async (client) => {
    const bytes = server.answer("inbox", client.member)!;
    const ready = takeInbox(client.round, client.state as SharedClient, bytes);
    const parcel = new Uint8Array(client.values.buffer);
    const seeds = ready.takeSeeds();
    client.masked = await masks.mask(core, {
      ...{ parcel, seeds },
      sid: sidBytes(sid),
      random: systemRandom,
    });
    client.state = afterMasking(ready);
  });
  const survivors = clients.flatMap((_, i) => isThere(i, "input") ? [i] : []);
  const sum = addParcels(core, masks, survivors.map((i) => clients[i]!.masked!));
  await server.seal(survivors.map((i) => clients[i]!.member));
  await each("input", async (client, i) => {
    const bytes = server.answer("outcome", client.member)!;
    const step = await takeOutcome(client.round, client.state as MaskedClient, bytes);
    client.state = step.state;
    await send("consistency", i, client.member, step.message);
  });
  server.closeConsistency();
  await each("consistency", async (client, i) => {
    const bytes = server.answer("signatures", client.member)!;
    const step = await takeSignatures(client.round, client.state as AgreedClient, bytes);
    client.state = step.state;
    await send("unmask", i, client.member, step.message);
  });
  const want = new Uint32Array(parcels.values);
  for (const i of survivors) clients[i]!.values.forEach((value, at) => want[at]! += value);
  return {
    ...{ core, masks, sid, owner, server, clients, survivors, sum, want },
    async open() {
      const seeds = await server.seeds();
      const opened = await masks.open(core, {
        ...{ sum, seeds, clients: survivors.length },
        sid: sidBytes(sid),
      });
      return new Uint32Array(opened.buffer);
    },
  };
}

/** A sid as it masks. */
export function sidBytes(sid: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(sid);
}

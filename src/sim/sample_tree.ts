/**
 * Who is asked in a round, all over a simulated tree: the live aggregators' draw, one after the other.
 *
 * @module
 */
import { toBase64Url, toHex } from "../core/bytes.ts";
import { promptDigest } from "../core/digest.ts";
import { deriveSeed } from "../core/random.ts";
import type { Drawn } from "../round/event.ts";
import { rateThatFits } from "../round/rate.ts";
import { type Candidate, drawSample } from "../round/sample.ts";
import { rootShare, type Sampling, type Share } from "../wire/sampling.ts";
import type { TreeShape } from "./tree_shape.ts";

/** Ids by which fractions are drawn. */
export interface TreeIds {
  /** By number of the client. */
  readonly clients: readonly string[];
  /** By number of the aggregator. */
  readonly nodes: readonly string[];
}

/** What samples are drawn from. */
export interface SampleTreeOptions {
  /** Who stands where. */
  readonly shape: TreeShape;
  /** What fractions are drawn by. */
  readonly ids: TreeIds;
  /** The task's way to sample. */
  readonly sampling: Sampling;
  /** Most clients in a round. */
  readonly max: number;
  /** 32 bytes that decide everything. */
  readonly seed: Uint8Array;
}

/** A round's sample. */
export interface TreeSample {
  /** Session id of the round, hex. */
  readonly sid: string;
  /** By number of the aggregator; undefined where nobody below is asked. */
  readonly drawn: readonly (Drawn | undefined)[];
  /** Whether a client is asked. */
  asks(client: number): boolean;
}

/** Ids for clients and aggregators, which nobody has a key for. */
export async function treeIds(
  seed: Uint8Array,
  { clients, nodes }: { readonly clients: number; readonly nodes: number },
): Promise<TreeIds> {
  const ids = (label: string, count: number) =>
    Promise.all(
      Array.from(
        { length: count },
        async (_, at) => toBase64Url(await deriveSeed(seed, label, at)),
      ),
    );
  return { clients: await ids("client id", clients), nodes: await ids("aggregator id", nodes) };
}

/**
 * Draws a round's sample from the root down.
 *
 * @param isThere Whether a client can be asked, for tasks that sample the available ones alone.
 */
export async function sampleTree(
  { shape, ids, sampling, max, seed }: SampleTreeOptions,
  { round, isThere }: { readonly round: number; isThere(client: number): boolean },
): Promise<TreeSample> {
  const sid = toHex(await deriveSeed(seed, "sid", round));
  const counts = (client: number) => sampling.kind !== "available" || isThere(client);
  const own = shape.clients.map((clients) => clients.filter(counts));
  const sizes = own.map(({ length }) => length);
  for (let node = sizes.length - 1; node > 0; node--) {
    const parent = shape.parents[node] ?? 0;
    sizes[parent] = (sizes[parent] ?? 0) + (sizes[node] ?? 0);
  }
  const shares: (Share | undefined)[] = [rootShare(sampling, { max })];
  const rate = sampling.kind === "poisson" ? rateThatFits(sampling.rate, sizes[0] ?? 0, max) : 1;
  const asked = new Set<number>();
  const drawn: (Drawn | undefined)[] = [];
  for (const node of shape.parents.keys()) {
    const share = shares[node];
    if (share === undefined) {
      drawn.push(undefined);
      continue;
    }
    const children = shape.children[node] ?? [];
    const sample = await drawSample({
      ...{ sampling, sid, share, rate, digest: promptDigest, drawer: ids.nodes[node] ?? "" },
      members: [
        ...(own[node] ?? []).map((client): Candidate => ({
          id: ids.clients[client] ?? "",
          ...{ kind: "client", size: 1 },
        })),
        ...children.map((child): Candidate => ({
          id: ids.nodes[child] ?? "",
          ...{ kind: "region", size: sizes[child] ?? 0 },
        })),
      ],
    });
    let awaited = 0;
    for (const child of children) {
      // Nobody waits for a region without clients, and here nobody comes to it later.
      if (sizes[child] === 0) continue;
      shares[child] = sample.shares.get(ids.nodes[child] ?? "");
      awaited += Number(shares[child] !== undefined);
    }
    for (const client of own[node] ?? []) {
      if (!sample.shares.has(ids.clients[client] ?? "")) continue;
      asked.add(client);
      awaited++;
    }
    drawn.push({ share, sample: sample.facts, awaited });
  }
  return { sid, drawn, asks: (client) => asked.has(client) };
}

/**
 * The sample of a round: which of an aggregator's members are asked, and for how many clients each.
 * Pure, so that a live tree and the simulator draw the same.
 *
 * @module
 */
import { concatBytes, fromBase64Url, fromHex, utf8 } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { seededRng } from "../core/random.ts";
import type { SampleFacts, Sampling, Share } from "../wire/sampling.ts";
import { sampleFractions } from "./fraction.ts";
import { drawQuotas } from "./quotas.ts";

/** A member that may be asked. */
export interface Candidate {
  /** Its id. */
  readonly id: string;
  /** A client, which is asked or not, or a region, which asks its own members. */
  readonly kind: "client" | "region";
  /** Clients that it stands for: 1 for a client. */
  readonly size: number;
}

/** What a sample is drawn from. */
export interface SampleOptions {
  /** The task's way to sample. */
  readonly sampling: Sampling;
  /** Session id of the round, hex. */
  readonly sid: string;
  /** Id of the aggregator that draws. */
  readonly drawer: string;
  /** Its members. For `available`, those that are, with the number of available clients. */
  readonly members: Iterable<Candidate>;
  /** What it may send itself: of its parent, or at the root {@link rootShare}. */
  readonly share: Share;
  /** Poisson: the round's rate, of its parent, or at the root {@link rateThatFits}; else not read. */
  readonly rate: number;
  /** SHA-256. */
  readonly digest: Digest;
}

/** Who is asked. */
export interface Sample {
  /** The sample in numbers. */
  readonly facts: SampleFacts;
  /** Share of each member that is asked. */
  readonly shares: ReadonlyMap<string, Share>;
}

/**
 * Draws the sample of a round: the same for the same options, in whatever order members are listed.
 *
 * @example Five of twenty clients
 * ```ts
 * import { generateIdentity } from "../core/identity.ts";
 * import { webDigest } from "../core/digest.ts";
 * import { drawSample } from "./sample.ts";
 *
 * const ids = await Promise.all(Array.from({ length: 20 }, async () => (await generateIdentity()).id));
 * const drawer = (await generateIdentity()).id;
 * const { shares } = await drawSample({
 *   sampling: { kind: "uniform", count: 5, overSelect: 1 },
 *   sid: "07".repeat(32),
 *   drawer,
 *   members: ids.map((id) => ({ id, kind: "client", size: 1 })),
 *   share: { clients: 5, enough: 5 },
 *   rate: 1,
 *   digest: webDigest,
 * });
 * if (shares.size !== 5) throw new Error("unexpected");
 * ```
 */
export async function drawSample(options: SampleOptions): Promise<Sample> {
  const members = [...options.members];
  return options.sampling.kind === "poisson"
    ? await drawPoisson(members, options)
    : await drawUniform(members, options);
}

/** Each client by itself; a region may send for as many as it has. */
async function drawPoisson(
  members: readonly Candidate[],
  options: SampleOptions,
): Promise<Sample> {
  const { rate, share } = options;
  const clients = await byFraction(members, options);
  const chosen = clients.filter(({ fraction }) => fraction < rate);
  // More than the parent knows of have enrolled since it drew, and nearly all of them were chosen.
  const threshold = chosen[share.clients]?.fraction ?? rate;
  const regions = members.filter(({ kind }) => kind === "region");
  return sampleOf(
    [
      ...chosen.filter(({ fraction }) => fraction < threshold).map(({ id }) => [id, ONE] as const),
      ...regions.map(({ id, size }) => [id, { clients: size, enough: size }] as const)
        .filter(([, { clients }]) => clients > 0),
    ],
    { threshold, enough: share.clients },
  );
}

/** So many of all, each set as likely: own clients are one group, and every region is one. */
async function drawUniform(
  members: readonly Candidate[],
  options: SampleOptions,
): Promise<Sample> {
  const { share, sampling, sid, drawer, digest } = options;
  const all = members.reduce((sum, { size }) => sum + size, 0);
  const count = Math.min(share.clients, all);
  const least = Math.min(share.enough, count);
  const enoughOf = (quota: number) => count === 0 ? 0 : Math.ceil(quota * least / count);
  if (sampling.kind === "all" && count === all) return shareRoom(members, share);
  if (count === all) {
    const shares = members.filter(({ size }) => size > 0)
      .map(({ id, size }) => [id, { clients: size, enough: enoughOf(size) }] as const);
    return sampleOf(shares, { threshold: 1, enough: least });
  }
  const clients = await byFraction(members, options);
  const regions = members.filter(({ kind }) => kind === "region")
    .toSorted((a, b) => a.id < b.id ? -1 : 1);
  const seed = await digest(
    concatBytes([utf8("tributary/quotas/1"), fromHex(sid), fromBase64Url(drawer)]),
  );
  const sizes = [clients.length, ...regions.map(({ size }) => size)];
  const [own = 0, ...quotas] = drawQuotas(count, sizes, seededRng(seed));
  const threshold = clients[own]?.fraction ?? 1;
  const given = regions.map(({ id }, at) => {
    const quota = quotas[at] ?? 0;
    return [id, { clients: quota, enough: enoughOf(quota) }] as const;
  });
  return sampleOf(
    [
      ...clients.slice(0, own).filter(({ fraction }) => fraction < threshold)
        .map(({ id }) => [id, ONE] as const),
      ...given.filter(([, { clients }]) => clients > 0),
    ],
    { threshold, enough: least },
  );
}

/**
 * Everybody is asked. The room that is left is divided among the regions, whatever their size, and the
 * aggregator itself, so that those who enrol while the round is open may still come, wherever they do.
 */
function shareRoom(members: readonly Candidate[], share: Share): Sample {
  const all = members.reduce((sum, { size }) => sum + size, 0);
  const regions = members.filter(({ kind }) => kind === "region").length;
  const room = Math.floor((share.clients - all) / (regions + 1));
  const shares = members.map(({ id, kind, size }) => {
    const clients = kind === "region" ? size + room : size;
    return [id, { clients, enough: clients }] as const;
  });
  return sampleOf(shares.filter(([, { clients }]) => clients > 0), {
    threshold: 1,
    enough: share.clients,
  });
}

const ONE: Share = { clients: 1, enough: 1 };

function sampleOf(
  shares: Iterable<readonly [string, Share]>,
  rest: Omit<SampleFacts, "asked">,
): Sample {
  const map = new Map(shares);
  const asked = [...map.values()].reduce((sum, { clients }) => sum + clients, 0);
  return { facts: { ...rest, asked }, shares: map };
}

/** The clients among members, the lowest fraction first. */
async function byFraction(
  members: readonly Candidate[],
  { sid, digest }: SampleOptions,
): Promise<{ readonly id: string; readonly fraction: number }[]> {
  const fractionOf = sampleFractions(sid, digest);
  const clients: { id: string; fraction: number }[] = [];
  for (const { id, kind } of members) {
    if (kind === "client") clients.push({ id, fraction: await fractionOf(id) });
  }
  return clients.sort((a, b) => a.fraction - b.fraction);
}

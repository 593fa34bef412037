/**
 * How many regions a task takes, and what they cost a month.
 *
 * What an upload weighs is computed by the library from a task; how fast a region takes them was
 * measured; prices are list prices. What is neither is an assumption, in `ASSUMED`.
 *
 * @module
 */
import { formOf } from "../../edge/task/task_form.ts";
import { toBase64Url } from "../../src/core/bytes.ts";
import { tensors } from "../../src/models/tensors.ts";
import { defineTask } from "../../src/task/define_task.ts";
import { submissionBytes } from "../../src/wire/evidence.ts";
import figures from "./figures.json" with { type: "json" };

/** What nobody has measured. */
const ASSUMED = {
  /** Rounds a day, each with all clients of a row. */
  roundsADay: 24,
  /** Seconds over which the uploads of a round arrive. */
  windowS: 600,
  /** Long polls of a client in a round: it is there for five minutes. */
  polls: 5,
  /** A region is planned for this part of what it can take. */
  load: 0.5,
  /** How much of a server's rate a Durable Object has, or one of a fleet whose store is a network away. */
  share: 0.5,
  /** Requests a second that Cloudflare's documentation gives as one object's soft limit. */
  objectRequestsPerS: 1000,
  /** Most values that one accumulator object adds. */
  objectValues: 16_777_216,
  /** Uploads that share a write, on average: one that waits is never alone under load. */
  batch: 8,
} as const;

const DAYS = 30;
const GB = 1e9;
const MIB = 1 << 20;

/** A task, for its size. */
export interface Workload {
  /** Clients that send in each round. */
  readonly clients: number;
  /** Values of the model. */
  readonly values: number;
}

/** What it takes. */
export interface Sizing {
  /** Length of a client's upload, parcel and evidence. */
  readonly uploadBytes: number;
  /** Uploads a second while they arrive. */
  readonly uploadsPerS: number;
  /** Regions on servers with two cores. */
  readonly servers: number;
  /** Processes of a fleet on one Postgres. */
  readonly processes: number;
  /** Durable Objects: one for each region, and its accumulators. */
  readonly objects: { readonly regions: number; readonly accumulators: number };
  /** Dollars a month. */
  readonly usd: {
    readonly cloudflare: number;
    readonly denoDeploy: number;
    readonly servers: number;
    readonly fleet: number;
  };
}

/** Sizes a masked task (kahe1, five helpers, 19 bits a slot). */
export function sizeOf(work: Workload): Sizing {
  const { windowS, load, share, objectRequestsPerS, objectValues } = ASSUMED;
  const { parcelBytes, evidenceBytes } = bytesOf(work.values);
  const uploadBytes = parcelBytes + evidenceBytes;
  const uploadsPerS = work.clients / windowS;
  const full = rateOf(uploadBytes);
  const regionsAt = (rate: number) => Math.max(1, Math.ceil(uploadsPerS / (load * rate)));
  const servers = regionsAt(full);
  const processes = Math.max(2, regionsAt(share * full));
  const regions = regionsAt(Math.min(share * full, objectRequestsPerS / requestsOf(uploadBytes)));
  const accumulators = work.values > objectValues ? Math.ceil(work.values / objectValues) : 0;
  const objects = { regions, accumulators: regions * accumulators };
  const month = monthOf(work, { parcelBytes, evidenceBytes });
  return {
    ...{ uploadBytes, uploadsPerS, servers, processes, objects },
    usd: {
      cloudflare: cloudflareUsd(month, objects),
      denoDeploy: denoDeployUsd(month, { processes, rate: full }),
      servers: serversUsd(servers, month),
      fleet: serversUsd(processes, month) + postgresUsd(month),
    },
  };
}

interface UploadBytes {
  readonly parcelBytes: number;
  readonly evidenceBytes: number;
}

function bytesOf(values: number): UploadBytes {
  const keyOf = (byte: number) => toBase64Url(new Uint8Array(32).fill(byte));
  const helpers = [1, 2, 3, 4, 5].map((at) => ({
    url: `https://helper-${at}.example`,
    key: keyOf(2 * at + 1),
    identity: keyOf(2 * at + 100),
  }));
  const task = defineTask({
    name: "sizing",
    model: tensors({ tensors: { w: [values] } }),
    clients: { min: 100, max: 1000 },
    mask: { kind: "kahe1", helpers },
    stop: { rounds: 1 },
  });
  const { parcelBytes, evidence } = formOf(task);
  return { parcelBytes, evidenceBytes: evidence === undefined ? 0 : submissionBytes(evidence) };
}

/** Uploads a second of a length: so much time for each, and so much for each byte, as measured. */
function rateOf(bytes: number): number {
  const [small, large] = figures.rates.points;
  if (small === undefined || large === undefined) throw new TypeError("Cannot size: no rates");
  const perByte = (1 / large.uploadsPerS - 1 / small.uploadsPerS) / (large.bytes - small.bytes);
  return 1 / Math.max(1 / small.uploadsPerS + perByte * (bytes - small.bytes), 1e-9);
}

/** Requests of a client in a round: polls, the model, its upload in pieces of 8 MiB. */
function requestsOf(uploadBytes: number): number {
  return ASSUMED.polls + 1 + (uploadBytes > 64 * MIB ? Math.ceil(uploadBytes / (8 * MIB)) : 1);
}

/** What a month brings. */
interface Month {
  readonly uploads: number;
  readonly requests: number;
  readonly egressGb: number;
  readonly rowsWritten: number;
  readonly storedGb: number;
}

function monthOf(
  { clients, values }: Workload,
  { parcelBytes, evidenceBytes }: UploadBytes,
): Month {
  const uploads = clients * ASSUMED.roundsADay * DAYS;
  const slices = Math.ceil(parcelBytes / MIB);
  // A row of the update and one of its evidence come and go; sums are written once for each batch, the
  // one before goes.
  const rows = 2 * (2 + Math.ceil(evidenceBytes / MIB)) + 2 * (slices + 1) / ASSUMED.batch;
  // Two sums, two models, and the evidence of a round.
  const stored = 2 * parcelBytes + 8 * values + clients * evidenceBytes;
  return {
    uploads,
    requests: uploads * requestsOf(parcelBytes + evidenceBytes),
    // Four bytes a value, once a round.
    egressGb: uploads * 4 * values / GB,
    rowsWritten: uploads * rows,
    storedGb: stored / GB,
  };
}

interface Metered {
  readonly included: number;
  readonly usdPerMillion?: number;
  readonly usdEach?: number;
}

function metered(amount: number, { included, usdPerMillion = 0, usdEach = 0 }: Metered): number {
  const beyond = Math.max(0, amount - included);
  return beyond * (usdEach + usdPerMillion / 1e6);
}

/** Objects are taken to be awake all month: some client always waits. */
function cloudflareUsd(month: Month, { regions, accumulators }: Sizing["objects"]): number {
  const prices = figures.prices.cloudflare;
  const gbS = regions * 0.128 * DAYS * 86_400 +
    // An accumulator is awake while uploads arrive.
    accumulators * 0.128 * DAYS * ASSUMED.roundsADay * ASSUMED.windowS;
  const calls = month.requests * (1 + accumulators / regions / requestsOf(0));
  return prices.monthUsd + metered(month.requests, prices.requests) +
    metered(calls, prices.objectRequests) + metered(gbS, prices.objectGbS) +
    metered(month.rowsWritten, prices.rowsWritten) + metered(month.storedGb, prices.storedGb);
}

function denoDeployUsd(
  month: Month,
  { processes, rate }: { readonly processes: number; readonly rate: number },
): number {
  const prices = figures.prices.denoDeploy;
  // Two cores take `rate` uploads a second.
  const cpuHours = 2 * month.uploads / rate / 3600;
  const memoryGbHours = 0.5 * processes * DAYS * 24;
  return prices.monthUsd + metered(month.requests, prices.requests) +
    metered(month.egressGb, prices.egressGb) + metered(cpuHours, prices.cpuHours) +
    metered(memoryGbHours, prices.memoryGbHours) + postgresUsd(month);
}

function serversUsd(servers: number, { egressGb }: Month): number {
  const { monthUsd, egressGb: traffic } = figures.prices.server;
  const included = servers * traffic.included;
  return servers * monthUsd + metered(egressGb, { ...traffic, included });
}

function postgresUsd({ storedGb }: Month): number {
  const { usdPerHour, storedGb: price } = figures.prices.postgres;
  return usdPerHour * DAYS * 24 + metered(storedGb, price);
}

/**
 * Which task a device takes part in, and whether its items are the task's.
 *
 * @module
 */
import { nearestOffer } from "../client/regions.ts";
import { systemClock } from "../core/clock.ts";
import { TributaryError } from "../core/errors.ts";
import type { Fetch } from "../core/fetch.ts";
import { generateIdentity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import type { Catalogue } from "../data/interactions.ts";
import { itemsDigest } from "./items_file.ts";

/** What a device would take part with. */
export interface TaskChoice {
  /** How the region is reached. */
  readonly fetch: Fetch;
  /** Ends the asking. */
  readonly signal: AbortSignal;
  /** Digest of the wanted task; the region's only one if absent. */
  readonly task: string | undefined;
  /** The device's items, in the order of its numbering. */
  readonly data: Pick<Catalogue, "items">;
}

/**
 * Digest of the task, known to be of the device's items: numbered otherwise, they would teach the
 * model nonsense. The region hears of no member.
 *
 * @throws {TributaryError} `bad-data` if the items are not the task's, `task-unknown` if there is no
 * such task or a choice of several, `task-refused` if it is about no items, `peer-unreachable`.
 */
export async function chooseTask(
  urls: readonly string[],
  choice: TaskChoice,
): Promise<string> {
  const { fetch, signal, data: { items } } = choice;
  const asked = choice.task;
  const { id, offer } = await nearestOffer({
    urls,
    fetch,
    // Reading needs no identity, but a peer has one.
    identity: await generateIdentity(),
    clock: systemClock(),
    random: systemRandom,
  }, { task: asked, signal });
  const { task: { catalogue, model } } = offer;
  if (model.items === undefined) {
    throw new TributaryError(
      "task-refused",
      `Cannot take part in ${id} with ratings: it trains ${model.kind}, expected mf or ials`,
    );
  }
  const digest = await itemsDigest(items);
  if (catalogue === undefined ? model.items === items.length : catalogue === digest) return id;
  const expected = catalogue === undefined
    ? `${model.items} items`
    : `those of digest ${catalogue}`;
  throw new TributaryError(
    "bad-data",
    `Cannot take part with these ${items.length} items, whose digest is ${digest}: the task has ${expected}; expected its list of items by --items`,
  );
}

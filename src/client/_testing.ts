/**
 * What the tests of this folder share: a small task whose clients bring their own training code.
 *
 * @module
 */
import { tensors } from "../models/tensors.ts";
import { defineTask, type TaskDefinition } from "../task/define_task.ts";
import type { Trainer } from "../core/trainer.ts";
import type { Fetch } from "../core/fetch.ts";
import type { ErrorCode } from "../core/errors.ts";
import { TributaryError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import { systemRandom } from "../core/random.ts";
import { createPeer } from "../wire/peer.ts";
import { problemOf } from "../wire/problem.ts";
import type { Task } from "../wire/task.ts";
import { type ClientOptions, joinTree } from "../../tests/fleet.ts";
import type { Tree } from "../../tests/tree.ts";
import type { Participant } from "./participant.ts";

/** A task over one tensor `w` of three values. */
export function smallTask(change: Partial<TaskDefinition> = {}): Task {
  return defineTask({
    name: "small",
    model: tensors({ tensors: { w: [3] }, metrics: ["loss"] }),
    clients: { min: 1, max: 10 },
    stop: { rounds: 1 },
    ...change,
  });
}

/** Goes half the way to 1, 1, 1. */
export const halfWay: Trainer = ({ w }) =>
  Promise.resolve({
    weights: { w: { shape: [3], data: w!.data.map((x) => (x + 1) / 2) } },
    examples: 5,
    metrics: { loss: 0.25 },
  });

/** Joins the first of a tree's leaves, with {@link halfWay} unless told otherwise. */
export async function joinLeaf(
  tree: Tree,
  options: Partial<ClientOptions> = {},
): Promise<Participant> {
  const [at = tree.root] = tree.leaves;
  return await joinTree(tree, { number: 0, at, training: { trainer: halfWay }, ...options });
}

/** Takes a member off the root's roster without its participant's knowledge. */
export async function forget(tree: Tree, identity: Identity): Promise<void> {
  const { fetch, clock, root } = tree;
  const peer = createPeer({ url: root.url, identity, fetch, clock, random: systemRandom });
  await peer.leave(tree.id, { region: root.life.offer.region });
}

/** Trains until it is told to stop, and then ends with the signal's reason. */
export const endless: Trainer = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** What a region, or someone on the way to it, does to one kind of request. */
export interface Interference {
  /** Method of the requests. */
  readonly method: string;
  /** In their path. */
  readonly path: RegExp;
  /** Answers in the region's place; it may ask the region. */
  answer(request: Request, fetch: Fetch): Promise<Response>;
}

/** A network that interferes with some requests. */
export function interfering({ method, path, answer }: Interference): (fetch: Fetch) => Fetch {
  return (fetch) => (request) =>
    request.method === method && path.test(new URL(request.url).pathname)
      ? answer(request, fetch)
      : fetch(request);
}

/** A region's refusal. */
export function refusal(code: ErrorCode): Response {
  const { status, headers, problem } = problemOf(new TributaryError(code, "Cannot do so"));
  return new Response(JSON.stringify(problem), { status, headers: { ...headers } });
}

/**
 * What a log says of one round's sum: whom it was asked of, and of a masked one, which groups could be
 * opened.
 *
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { TributaryError } from "../core/errors.ts";
import type { LogEvent, LoggedRound } from "./log.ts";
import { groupsDigest, type LoggedGroup } from "./log_groups.ts";
import { groupsOf } from "./mask_plan.ts";
import { rootShare } from "./sampling.ts";
import type { Task } from "./task.ts";

/** Refuses a log (`log-invalid`). */
export function refuse(found: string): never {
  throw new TributaryError("log-invalid", found);
}

/** Refuses a log in which something is other than it has to be. */
export function expectEqual(name: string, found: string | number, expected: string | number): void {
  if (found !== expected) refuse(`its ${name} is ${found}, expected ${expected}`);
}

/** Checks that a round was sampled as the task says, as far as its numbers tell. */
export function checkSample(
  role: "root" | "region",
  { sample, clients }: LoggedRound,
  { sampling, clients: range }: Task,
): void {
  const { threshold, asked, enough } = sample;
  if (clients > asked) refuse(`${clients} clients are in it, expected at most the ${asked} asked`);
  if (sampling.kind === "poisson" && threshold > sampling.rate) {
    refuse(`clients were chosen below ${threshold}, expected at most the rate, ${sampling.rate}`);
  }
  if (role !== "root") return;
  const share = rootShare(sampling, range);
  // Of a Poisson sample a root knows no more than how many clients its regions have.
  if (sampling.kind !== "poisson" && asked > share.clients) {
    refuse(`${asked} clients were asked, expected at most ${share.clients}`);
  }
  const isCounted = sampling.kind === "uniform" || sampling.kind === "available";
  expectEqual("enough", enough, isCounted ? Math.min(share.enough, asked) : share.enough);
}

/** Checks what a masked round says of its groups; one that is not masked has none. */
export async function checkOpened(
  event: Extract<LogEvent, { kind: "published" }>,
  { task, digest }: { readonly task: Task; readonly digest: Digest },
): Promise<void> {
  const { groups } = event;
  const most = groupsOf(task.mask);
  if (groups === undefined) return most === 0 ? undefined : refuse("it does not tell its groups");
  if (most === 0) refuse("it tells of groups, expected none without masking");
  checkGroups(groups, task);
  const opened = groups.filter(({ outcome }) => outcome === "opened");
  const total = (count: "clients" | "updates") =>
    opened.reduce((sum, group) => sum + group[count], 0);
  expectEqual("clients", event.clients, total("clients"));
  expectEqual("updates", event.updates, total("updates"));
  expectEqual("sum", event.sum, await groupsDigest(opened.map(({ sum }) => sum), digest));
  const members = await groupsDigest(opened.map(({ members }) => members), digest);
  expectEqual("members", event.members, members);
}

/** Checks that groups are the task's, each once and in order, and that none is too small. */
export function checkGroups(groups: readonly LoggedGroup[], { mask }: Task): void {
  const most = groupsOf(mask);
  let last = -1;
  for (const { group, clients, outcome } of groups) {
    if (group <= last) refuse(`group ${group} follows group ${last}, expected each once in order`);
    if (group >= most) refuse(`it has a group ${group}, expected at most ${most} groups`);
    last = group;
    const least = mask.kind === "none" ? 0 : mask.min;
    if (outcome === "opened" && clients < least) {
      refuse(`group ${group} was opened for ${clients} clients, expected at least ${least}`);
    }
  }
}

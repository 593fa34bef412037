import assert from "node:assert/strict";
import type { Peer } from "../../wire/peer.ts";
import { watchTask } from "./watch.ts";

/** A root that answers from a script, one long poll after the other. */
function scripted(polls: readonly { readonly round?: number; readonly log: readonly string[] }[]) {
  const asked: number[] = [];
  const entries: { body: { event: { kind: string; round: number } } }[] = [];
  let at = 0;
  const peer: Pick<Peer, "round" | "log"> = {
    round(_task, { after }) {
      asked.push(after);
      const poll = polls[at++]!;
      for (const text of poll.log) {
        const [kind = "", round] = text.split(" ");
        entries.push({ body: { event: { kind, round: Number(round) } } });
      }
      if (poll.round === undefined) return Promise.resolve(undefined);
      const kind = at === polls.length ? "finished" : "open";
      return Promise.resolve({ kind, round: poll.round } as never);
    },
    // Two entries a page.
    log(_task, { from }) {
      const page = entries.slice(from, from + 2);
      return Promise.resolve({ entries: page, next: from + page.length } as never);
    },
  };
  return { peer: peer as Peer, asked };
}

Deno.test("watch: every round is heard of once, in order, whatever the polls happen to see", async () => {
  const { peer, asked } = scripted([
    { round: 1, log: ["created 0"] },
    { log: [] },
    { round: 2, log: ["published 1"] },
    // Rounds 3 and 4 went by between two polls.
    { round: 5, log: ["abandoned 2", "published 3", "published 4"] },
    { round: 5, log: ["published 5", "finished 5"] },
  ]);
  const heard: string[] = [];
  const end = await watchTask(
    { peer, task: "t", plan: "p", signal: new AbortController().signal },
    {
      opened: ({ round }) => void heard.push(`opened ${round}`),
      closed: ({ kind, round }) => void heard.push(`${kind} ${round}`),
    },
  );
  assert.equal(end.round, 5);
  assert.deepEqual(asked, [0, 1, 1, 2, 5]);
  assert.deepEqual(heard, [
    ...["opened 1", "published 1", "opened 2", "abandoned 2", "published 3", "published 4"],
    ...["opened 5", "published 5"],
  ]);
});

import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { checkCommittee, type Committee, committeeOf, MOST_HELPERS } from "./committee.ts";

function keys(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(32).fill(i + 1));
}

Deno.test("committee: of five helpers four open a sum and two may collude", () => {
  const { threshold, colluding } = committeeOf(keys(5));
  assert.deepEqual({ threshold, colluding }, { threshold: 4, colluding: 2 });
});

Deno.test("committee: the usual one is allowed for every size, with the least threshold there is", () => {
  for (let size = 1; size <= MOST_HELPERS; size++) {
    const committee = committeeOf(keys(size));
    checkCommittee(committee);
    const lower = { ...committee, threshold: committee.threshold - 1 };
    assert.throws(() => checkCommittee(lower), (error) => isTributaryError(error, "task-refused"));
  }
});

Deno.test("committee: two disjoint sets of clients never both find a threshold of answers", () => {
  for (let size = 1; size <= 9; size++) {
    for (let threshold = 0; threshold <= size + 1; threshold++) {
      for (let colluding = 0; colluding <= size; colluding++) {
        const committee = { helpers: keys(size), threshold, colluding };
        // Those who collude answer twice, honest ones once.
        const twice = threshold <= size && 2 * threshold <= size + colluding;
        const useful = threshold >= 1 && threshold <= size && colluding < threshold && !twice;
        if (useful) checkCommittee(committee);
        else assert.throws(() => checkCommittee(committee));
      }
    }
  }
});

Deno.test("committee: sizes, thresholds and keys that do not fit are refused with what was found", () => {
  const good = committeeOf(keys(5));
  const cases: [Partial<Committee>, RegExp][] = [
    [{ helpers: [] }, /among 0 helpers: expected 1 to 32/],
    [{ helpers: keys(33) }, /among 33 helpers/],
    [{ threshold: 6 }, /among 5 helpers with a threshold of 6 and 2 who collude/],
    [{ threshold: 3 }, /threshold of 3 and 2 .* 2·threshold > 5 \+ colluding/],
    [{ threshold: 4.5 }, /threshold of 4.5/],
    [{ colluding: 4 }, /4 who collude/],
    [{ colluding: -1 }, /-1 who collude/],
    [{ colluding: NaN }, /NaN who collude/],
    [{ helpers: [...keys(4), new Uint8Array(31)] }, /key of helper 5: 31 bytes, expected 32/],
    [{ helpers: [...keys(4), keys(1)[0]!] }, /two have one key/],
  ];
  for (const [over, sentence] of cases) {
    assert.throws(() => checkCommittee({ ...good, ...over }), (error) => {
      assert.ok(isTributaryError(error, "task-refused"), String(error));
      assert.match(error.message, sentence);
      return true;
    });
  }
});

import assert from "node:assert/strict";
import { type ErrorCode, isTributaryError } from "../../src/core/errors.ts";
import { checkBringer } from "./phase_bringer.ts";

const refuses = (code: ErrorCode) => (error: unknown) => isTributaryError(error, code);
const share = (clients: number) => ({ clients, enough: clients });

Deno.test("phase bringer: a region brings the keys of as many clients as its share, and all that those say", () => {
  const brought = new Map([["a", "north"], ["b", "north"], ["c", "south"]]);
  const word = (member: string, sender: string, phase: "advertise" | "share" = "advertise") => ({
    member,
    sender,
    phase,
  });
  checkBringer(word("d", "north"), { share: share(3), brought });
  checkBringer(word("a", "north"), { share: share(2), brought });
  checkBringer(word("a", "north", "share"), { share: share(2), brought });
  const refused: [ErrorCode, () => void][] = [
    ["round-full", () => checkBringer(word("d", "north"), { share: share(2), brought })],
    // One region cannot speak for a client of another.
    ["phase-conflict", () => checkBringer(word("c", "north"), { share: share(9), brought })],
    [
      "phase-conflict",
      () => checkBringer(word("c", "north", "share"), { share: share(9), brought }),
    ],
    ["not-asked", () => checkBringer(word("a", "north"), { share: share(0), brought })],
    ["not-asked", () => checkBringer(word("a", "east"), { share: undefined, brought })],
  ];
  for (const [code, work] of refused) assert.throws(work, refuses(code));
});

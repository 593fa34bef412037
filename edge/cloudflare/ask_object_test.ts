import assert from "node:assert/strict";
import { isTributaryError } from "../../src/core/errors.ts";
import { systemRandom } from "../../src/core/random.ts";
import { manualClock } from "../../src/wire/_testing.ts";
import { askObject } from "./ask_object.ts";

/** Objects that fail by what the platform throws, as often as told, and then answer. */
function failing(times: number, error: Readonly<Record<string, unknown>>) {
  const seen = { stubs: 0, names: [] as unknown[] };
  const objects = {
    idFromName: (name: string) => name,
    get(name: unknown) {
      seen.names.push(name);
      const stub = ++seen.stubs;
      return {
        fetch: (request: Request) =>
          stub <= times
            ? Promise.reject(Object.assign(new Error("lost"), error))
            : request.text().then((text) => new Response(`answer to ${text}`)),
      };
    },
  };
  return { objects, seen };
}

/** Asks on a clock on which every wait is over at once. */
async function ask(
  { objects }: Pick<ReturnType<typeof failing>, "objects">,
  mayRepeat: boolean,
): Promise<string> {
  const clock = { ...manualClock(), sleep: () => Promise.resolve() };
  const request = new Request("http://object/", { method: "PUT", body: "hello" });
  const call = { objects, name: "task", mayRepeat, clock, random: systemRandom };
  return await (await askObject(request, call)).text();
}

const busy = (error: unknown) => isTributaryError(error, "busy") && error.retryAfterS === 1;

Deno.test("asking an object: what was lost on its way is sent again, each time by a new stub", async () => {
  const object = failing(3, { retryable: true });
  assert.equal(await ask(object, true), "answer to hello");
  assert.deepEqual(object.seen.names, ["task", "task", "task", "task"]);
});

Deno.test("asking an object: one that stays away is busy after four tries", async () => {
  const object = failing(9, { retryable: true });
  await assert.rejects(ask(object, true), busy);
  assert.equal(object.seen.stubs, 4);
});

Deno.test("asking an object: what was signed is not sent twice, as its nonce may have been seen", async () => {
  const object = failing(1, { retryable: true });
  await assert.rejects(ask(object, false), busy);
  assert.equal(object.seen.stubs, 1);
});

Deno.test("asking an object: one with too much to do is left alone", async () => {
  const object = failing(1, { retryable: true, overloaded: true });
  await assert.rejects(ask(object, true), busy);
  assert.equal(object.seen.stubs, 1);
});

Deno.test("asking an object: what it throws itself comes through", async () => {
  const object = failing(1, {});
  await assert.rejects(ask(object, true), /lost/);
  assert.equal(object.seen.stubs, 1);
});

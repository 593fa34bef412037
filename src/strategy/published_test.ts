import assert from "node:assert/strict";
import { isTributaryError } from "../core/errors.ts";
import { tensor } from "./_testing.ts";
import { publishedName, refusePublishedNames, splitPublished } from "./published.ts";

Deno.test("published: what a strategy sends along is told from the rest by its name", () => {
  const mine = publishedName("control/w");
  const tensors = { w: tensor(1), [mine]: tensor(2), "m/w": tensor(3) };
  assert.deepEqual(splitPublished(tensors), {
    published: { [mine]: tensor(2) },
    rest: { w: tensor(1), "m/w": tensor(3) },
  });
  assert.deepEqual(splitPublished({}), { published: {}, rest: {} });
});

Deno.test("published: a model that would be taken for a strategy's is refused", () => {
  refusePublishedNames([{ name: "w", shape: [1] }, { name: "unpublished/w", shape: [1] }]);
  assert.throws(
    () =>
      refusePublishedNames([{ name: "w", shape: [1] }, { name: publishedName("w"), shape: [] }]),
    (error) => isTributaryError(error, "task-refused") && error.message.includes('"published/w"'),
  );
});

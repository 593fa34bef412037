import assert from "node:assert/strict";
import { joinHonest, startMaskedTree } from "./live.ts";

Deno.test("lost helpers: as many as the threshold leaves to spare cost nothing, whichever they are", async () => {
  for (const helper of [1, 3, 5]) {
    await using masked = await startMaskedTree({ clients: 4, shape: [2] });
    masked.lose(helper);
    const honest = await joinHonest(masked, 4, { at: masked.tree.leaves });
    honest.start();
    await masked.closed(1);
    assert.deepEqual(await honest.ended(), [1, 1, 1, 1]);
    const [event] = await masked.rounds();
    assert.ok(event?.kind === "published", `helper ${helper}: ${JSON.stringify(event)}`);
    assert.equal(event.clients, 4);
  }
});

Deno.test("lost helpers: one more and the round is abandoned with the model kept; once it is back the next round is opened under a new sid", async () => {
  await using masked = await startMaskedTree({ clients: 4, shape: [2] });
  masked.lose(2);
  masked.lose(5);
  const before = await masked.model();
  const honest = await joinHonest(masked, 4, { at: masked.tree.leaves });
  honest.start();
  await masked.closed(1);
  const [lost] = await masked.rounds();
  assert.ok(lost?.kind === "abandoned", JSON.stringify(lost));
  assert.equal(lost.reason, "too-few-opened");
  assert.deepEqual(lost.groups?.map(({ outcome }) => outcome), ["shares-missing"]);
  assert.deepEqual(await masked.model(), before);

  masked.lose(5, false);
  await masked.closed(2);
  await honest.ended();
  const [, next] = await masked.rounds();
  assert.ok(next?.kind === "published", JSON.stringify(next));
  assert.equal(next.base.digest, lost.base.digest);
  assert.notEqual(next.sid, lost.sid);
  assert.notDeepEqual(await masked.model(), before);
});

Deno.test("lost helpers: a round of many groups asks for all of them at once, so that one who is away is waited for once", async () => {
  let [underWay, most] = [0, 0];
  await using masked = await startMaskedTree({
    clients: 24,
    groups: 8,
    through: (fetch) => async (request) => {
      if (!request.url.endsWith("/answers")) return await fetch(request);
      most = Math.max(most, ++underWay);
      try {
        return await fetch(request);
      } finally {
        underWay--;
      }
    },
  });
  masked.lose(3);
  const honest = await joinHonest(masked, 24);
  honest.start();
  await masked.closed(1);
  await honest.ended();
  const [event] = await masked.rounds();
  assert.ok(event?.kind === "published", JSON.stringify(event));
  assert.deepEqual(event.groups?.map(({ outcome }) => outcome), Array(8).fill("opened"));
  assert.equal(event.clients, 24);
  // Five helpers at a time would be group after group.
  assert.ok(most > 5, `${most} asks at once`);
});

import assert from "node:assert/strict";
import { toHex } from "../../src/core/bytes.ts";
import { webDigest } from "../../src/core/digest.ts";
import type { Fetch } from "../../src/core/fetch.ts";
import { encodeSafetensors } from "../../src/core/safetensors.ts";
import { planDigest, sessionId } from "../../src/wire/session_id.ts";
import { takePart } from "../second_client/client.ts";
import { joinHonest, type MaskedTree, startMaskedTree, VALUES } from "./live.ts";

const other = encodeSafetensors({ w: { shape: [VALUES], data: new Float32Array(VALUES).fill(9) } });

/** Shows whoever asks through it another model than everybody else sees, under the round's own sid or one that fits. */
function showing({ tree }: MaskedTree, { fits }: { readonly fits: boolean }): Fetch {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.includes("/models/")) return new Response(Uint8Array.from(other));
    const answer = await tree.fetch(request);
    if (!pathname.endsWith("/round") || answer.status !== 200) return answer;
    const info = await answer.json();
    const model = { ...info.model, digest: toHex(await webDigest(other)), bytes: other.length };
    const { task, round, roster, beacon } = info;
    const plan = await planDigest(tree.task);
    const sid = fits
      ? await sessionId({ task, round, model: model.digest, plan, roster, beacon })
      : info.sid;
    return Response.json({ ...info, model, sid });
  };
}

Deno.test("two models: a client that is shown another one sees that the sid is not its own, or sends for a sid that no sum is opened for", async () => {
  for (
    const { fits, code } of [
      { fits: false, code: /expected that the sid binds what it should/ },
      { fits: true, code: /409 sid-mismatch/ },
    ]
  ) {
    await using masked = await startMaskedTree({ clients: 3, models: 2 });
    const { tree, clock } = masked;
    const honest = await joinHonest(masked, 3);
    const line = { url: tree.root.url, fetch: showing(masked, { fits }), nowMs: () => clock.now() };
    const train = () => ({ w: Array(VALUES).fill(0), "clients/weight": [1] });
    const sent = takePart(line, train, { after: 1 });
    sent.catch(() => {});
    const { life } = tree.root;
    await tree.until(() => life.status().members === 4);
    honest.start();
    await masked.closed(1);
    await assert.rejects(sent, code);
    await tree.until(() => life.status().round === 2 && life.status().updates === 3);
    clock.advance(60_000);
    await masked.closed(2);
    await honest.ended();
    const [, event] = await masked.rounds();
    assert.ok(event?.kind === "published");
    assert.equal(event.clients, 3);
  }
});

/**
 * `tributary helpers`: what a task says of helpers, asked from them.
 *
 * @module
 */
import { Command } from "commander";
import { systemClock } from "../../core/clock.ts";
import { systemFetch } from "../../core/fetch.ts";
import { generateIdentity } from "../../core/identity.ts";
import { systemRandom } from "../../core/random.ts";
import { createHelperPeer } from "../../wire/helper_peer.ts";
import type { HelperInfo } from "../../wire/mask_plan.ts";
import { httpUrl } from "../arguments.ts";
import type { Terminal } from "../terminal.ts";

/** The command. It prints JSON for `mask.helpers` of a task. */
export function helperKeysCommand(terminal: Terminal): Command {
  return new Command("helpers")
    .description("Ask helpers for their keys, and print them as a task's mask.helpers has them")
    .argument(
      "<urls...>",
      "addresses of helpers; check with who runs them that the keys are theirs",
      (text: string, before: readonly string[] = []) => [...before, httpUrl(text)],
    )
    .action(async (urls: readonly string[]) => {
      const helpers = await Promise.all(urls.map(askKeys));
      terminal.print(JSON.stringify(helpers, null, 2));
    });
}

async function askKeys(given: string): Promise<HelperInfo> {
  const url = given.replace(/\/+$/, "");
  const peer = createHelperPeer({
    url,
    fetch: systemFetch,
    // Reading needs no identity, but a peer has one.
    identity: await generateIdentity(),
    clock: systemClock(),
    random: systemRandom,
    retry: { attempts: 2, minMs: 200, maxMs: 200 },
  });
  const { identity, keys: [key = ""] } = await peer.keys();
  return { url, key, identity };
}

/**
 * `tributary statistics`: what a task of analytics has published.
 *
 * @module
 */
import { Command } from "commander";
import { fetchModel } from "../../client/fetch_model.ts";
import { systemClock } from "../../core/clock.ts";
import { TributaryError } from "../../core/errors.ts";
import { systemFetch } from "../../core/fetch.ts";
import { generateIdentity } from "../../core/identity.ts";
import { systemRandom } from "../../core/random.ts";
import { splitPublished } from "../../strategy/published.ts";
import { checkTask } from "../../task/mod.ts";
import { onlyTask } from "../../wire/only_task.ts";
import { createPeer } from "../../wire/peer.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { statisticsText } from "../statistics_text.ts";
import type { Terminal } from "../terminal.ts";

interface Options {
  readonly task?: string;
}

/** The command. It prints a table. */
export function statisticsCommand({ print }: Terminal): Command {
  return new Command("statistics")
    .description("Print the means, histogram or heavy hitters that a task has published")
    .argument("<url>", "address of a root or region")
    .option("--task <digest>", "which task, where it has several")
    .action(async (url: string, options: Options) => {
      using interrupt = listenForInterrupt("Stopped");
      const { signal } = interrupt;
      const peer = createPeer({
        url,
        fetch: systemFetch,
        // Reading needs no identity, but a peer has one.
        identity: await generateIdentity(),
        clock: systemClock(),
        random: systemRandom,
      });
      const id = options.task ?? await onlyTask(peer, { signal });
      const { task } = await peer.task(id, { signal });
      const { published } = checkTask(task);
      const { model: info, phase, round } = await peer.status(id, { signal });
      if (info === undefined || info.version === 0) {
        throw new TributaryError(
          "model-unknown",
          `Cannot show a statistic: ${url} has published none yet, its round ${round} is ${phase}`,
        );
      }
      const model = await fetchModel({ peer, task: id, info, tensors: published, signal });
      print(`${task.name}, after ${info.version} ${info.version === 1 ? "round" : "rounds"}`);
      print(statisticsText(task, splitPublished(model.tensors).rest));
    });
}

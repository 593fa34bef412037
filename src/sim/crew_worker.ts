/**
 * The thread of a crew.
 *
 * @module
 */
import { systemClock } from "../core/clock.ts";
import { createCrew, type Crew } from "./crew.ts";
import { type CrewCommand, type CrewEvent, failedEvent } from "./crew_message.ts";

/** Ends with the thread. */
const { signal } = new AbortController();
let crew: Crew | undefined;

function post(event: CrewEvent, transfer: Transferable[] = []): void {
  // The options' form, which windows and threads have in common, as the compiler takes this for one.
  postMessage(event, { transfer });
}

async function obey(command: CrewCommand): Promise<void> {
  switch (command.kind) {
    case "start":
      crew = await createCrew(command.options, systemClock());
      return post({ kind: "started" });
    case "work": {
      if (crew === undefined) throw new TypeError("Cannot work: the crew was not started");
      const onTrained = (count: number) => post({ kind: "trained", count });
      const result = await crew.work(command.work, { onTrained, signal });
      return post({ kind: "done", result }, [result.sum.buffer]);
    }
    default:
      throw command satisfies never;
  }
}

addEventListener("message", ({ data }: MessageEvent<CrewCommand>) => {
  obey(data).catch((error) => post(failedEvent(error)));
});

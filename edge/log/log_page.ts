/**
 * A page of the round log, no longer than its reader takes.
 *
 * @module
 */
import { MAX_LOG_PAGE } from "../../src/wire/log.ts";
import type { TaskHost } from "../task/task_host.ts";

/** Characters after which a page ends; readers take four times as many bytes. */
const PAGE_CHARACTERS = 2 << 20;
/** Entries read at a time: those of a masked round with many groups are long. */
const READ = 64;

/** Entries from place `from` on, as the JSON of a {@link LogPage}: so many as a page has room for. */
export async function logPage(host: Pick<TaskHost, "log">, from: number): Promise<string> {
  const texts: string[] = [];
  let characters = 0;
  for (let isOver = false; !isOver;) {
    const wanted = Math.min(READ, MAX_LOG_PAGE - texts.length);
    const { entries } = await host.log(from + texts.length, wanted);
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      characters += text.length;
      // The first one goes in whatever its length, or nobody would ever come past it.
      if (characters > PAGE_CHARACTERS && texts.length > 0) break;
      texts.push(text);
    }
    isOver = entries.length < wanted || characters > PAGE_CHARACTERS ||
      texts.length === MAX_LOG_PAGE;
  }
  return `{"entries":[${texts.join(",")}],"next":${from + texts.length}}`;
}

/**
 * The round log: whether it holds, under whose key, and its latest entries.
 *
 * @module
 */
import type { LogEntry, LogEvent } from "../../src/wire/log.ts";
import { formatCount, formatOf, shortOf } from "./format.ts";
import type { Verdict } from "./log_watch.ts";
import { html } from "hono/html";
import { type Markup } from "./markup.ts";
import type { TaskView } from "./task_view.ts";

/** The log's verdict and its latest entries, newest first. */
export function logPanel({ log: { verdict, recent }, owner }: TaskView): Markup {
  return html`
    <section class="card full"
      aria-label="Round log"><h2>Round log</h2>${verdict === undefined
        ? html`<p class="soft">The log is empty.</p>`
        : verdictLine(
          verdict,
          owner,
        )}<div class="scroll"><table><thead><tr><th>Entry</th><th>What happened</th><th>When</th><th>Hash</th></tr></thead><tbody>${recent
        .map(row)}</tbody></table></div></section>
  `;
}

function verdictLine(verdict: Verdict, owner: string): Markup {
  switch (verdict.kind) {
    case "good": {
      const { entries, head, keeper } = verdict;
      const whose = keeper === owner ? "the task's owner" : "this aggregator";
      return html`
        <p
          class="verdict good"><span class="mark">✓</span><span>This aggregator has checked ${entries ===
              1
            ? "the one entry"
            : `all ${
              formatCount(entries)
            } entries`}: each follows from the task and those before it, and is signed by ${whose}, whose key is <code title="${keeper}">${keeper}</code>. The last one's hash is <code title="${head}">${shortOf(
              head,
              16,
            )}</code>. <span class="soft">To check it yourself: <code>tributary verify-log <span data-origin></span></code></span></span></p>
      `;
    }
    case "bad":
      return html`
        <p
          class="verdict bad"><span class="mark">✗</span><span>The log does not hold after ${verdict
            .entries} entries. ${verdict.fault}</span></p>
      `;
    default:
      return verdict satisfies never;
  }
}

function row({ body: { seq, event, atMs }, hash }: LogEntry): Markup {
  return html`
    <tr class="${event.kind}">
      <td>${seq}</td>
      <td><span class="event">${event.kind}</span>${detail(event)}</td>
      <td><time data-at="${atMs}">${new Date(atMs).toISOString().slice(11, 19)}</time></td>
      <td><code title="${hash}">${shortOf(hash, 10)}</code></td>
    </tr>
  `;
}

function detail(event: LogEvent): Markup {
  switch (event.kind) {
    case "created":
      return html`
        with model v${event.model.version}
      `;
    case "joined":
      return html`
        under <code title="${event.parent}">${shortOf(event.parent)}</code>
      `;
    case "published":
      return html`
        v${event.model.version} in round ${event.round}, of ${formatOf(event.clients, "client")}
      `;
    case "forwarded":
      return html`
        round ${event.round}, of ${formatOf(event.clients, "client")}
      `;
    case "abandoned":
      return html`
        round ${event.round}: ${event.reason}, with ${formatOf(event.clients, "client")}
      `;
    case "rekeyed":
      return html`
        to <code title="${event.to}">${shortOf(event.to)}</code>
      `;
    case "finished":
      return html`
        with v${event.model.version}: ${event.reason}
      `;
    default:
      return event satisfies never;
  }
}

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
  const empty = html`
    <p class="soft">The log is empty.</p>
  `;
  return html`
    <section class="card" aria-label="Round log">
      <h2>Round log</h2>
      ${verdict === undefined ? empty : verdictLine(verdict, owner)}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Entry</th>
              <th>What happened</th>
              <th>When</th>
              <th>Hash</th>
            </tr>
          </thead>
          <tbody>
            ${recent.map(row)}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

function verdictLine(verdict: Verdict, owner: string): Markup {
  switch (verdict.kind) {
    case "good": {
      const { entries, head, keeper } = verdict;
      const checked = entries === 1 ? "the one entry" : `all ${formatCount(entries)} entries`;
      const whose = keeper === owner ? "the task's owner" : "this aggregator";
      return html`
        <div class="verdict good">
          <span class="mark">✓</span>
          <p>
            This aggregator has checked ${checked}: each follows from the task and those before it,
            and is signed by ${whose}, whose key is <code>${keeper}</code>. The hash of the last one
            is <code title="${head}">${shortOf(head, 16)}</code>.
            <span class="soft">To check it yourself:
              <code>tributary verify-log <span data-origin></span></code></span>
          </p>
        </div>
      `;
    }
    case "bad":
      return html`
        <div class="verdict bad">
          <span class="mark">✗</span>
          <p>The log does not hold after ${verdict.entries} entries. ${verdict.fault}</p>
        </div>
      `;
    default:
      return verdict satisfies never;
  }
}

function row({ body: { seq, event, atMs }, hash }: LogEntry): Markup {
  const time = new Date(atMs).toISOString().slice(11, 19);
  return html`
    <tr class="${event.kind}">
      <td>${seq}</td>
      <td><span class="event">${event.kind}</span> ${detail(event)}</td>
      <td><time data-at="${atMs}">${time}</time></td>
      <td><code title="${hash}">${shortOf(hash)}</code></td>
    </tr>
  `;
}

/** What follows the kind of an event. */
function detail(event: LogEvent): string {
  switch (event.kind) {
    case "created":
      return `with model v${event.model.version}`;
    case "joined":
      return `under ${shortOf(event.parent)}`;
    case "published":
      return `v${event.model.version} in round ${event.round}, of ${clientsOf(event)}`;
    case "forwarded":
      return `round ${event.round}, of ${clientsOf(event)}`;
    case "abandoned":
      return `round ${event.round}: ${event.reason}, with ${clientsOf(event)}`;
    case "rekeyed":
      return `to ${shortOf(event.to)}`;
    case "finished":
      return `with v${event.model.version}: ${event.reason}`;
    default:
      return event satisfies never;
  }
}

function clientsOf({ clients }: { readonly clients: number }): string {
  return formatOf(clients, "client");
}

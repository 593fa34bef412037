/**
 * The tree: the aggregator, the regions below it, and its own clients, with how each stands to the
 * round.
 *
 * @module
 */
import { formatCount, formatOf, shortOf } from "./format.ts";
import { html } from "hono/html";
import { type Markup, NOTHING } from "./markup.ts";
import { countStands, type Stand, type StandingMember, STANDS } from "./standing.ts";
import type { TaskView } from "./task_view.ts";
import { shareBar } from "./tiles.ts";

/** Regions that are listed by themselves. */
const REGIONS = 24;
/** Clients that are drawn as dots. */
const DOTS = 240;

const WORDS: Readonly<Record<Stand, string>> = {
  sent: "sent",
  awaited: "awaited",
  late: "late",
  abstained: "nothing to send",
  ready: "ready",
  away: "away",
};

/**
 * The tree.
 *
 * @param isNamed Whether members are shown by their ids; else they are numbered.
 */
export function treePanel({ members, status }: TaskView, isNamed: boolean): Markup {
  const regions = members.filter(({ kind }) => kind === "region");
  const clients = members.filter(({ kind }) => kind === "client");
  const largest = Math.max(1, ...regions.map(({ size }) => size));
  return html`<section class="card wide" aria-label="Tree"><h2>Tree${legend(members)}</h2>
    <div class="tree"><p class="node top"><span class="disc"></span><b>${status.role}</b><span class="soft">${
    formatOf(regions.length, "region")
  }, ${formatOf(status.size, "client")}</span></p><ul>${
    regions.slice(0, REGIONS).map((region, at) =>
      regionNode(region, { name: nameOf(region, at, isNamed), largest })
    )
  }${
    regions.length > REGIONS
      ? html`<li class="node"><span class="disc"></span><span class="soft">and ${
        formatOf(regions.length - REGIONS, "more region")
      }</span></li>`
      : NOTHING
  }${clients.length === 0 ? NOTHING : clientsNode(clients, isNamed)}${
    members.length === 0
      ? html`<li class="node"><span class="soft">Nobody has enrolled yet.</span></li>`
      : NOTHING
  }</ul></div>${
    isNamed ? NOTHING : html`
      <p
        class="soft note">Members are numbered. Open the page with the operator's token to see their ids.</p>
    `
  }</section>`;
}

function regionNode(
  { stand, size, sent = 0, id }: StandingMember,
  { name, largest }: { readonly name: string; readonly largest: number },
): Markup {
  return html`
    <li class="node ${stand}"
      data-member="${name}"><span class="disc"></span><b${name === `Region ${shortOf(id, 8)}`
        ? html`
          title="${id}"
        `
        : NOTHING}>${name}</b><span class="size">${shareBar(
          size / largest,
        )}</span><span class="soft count">${formatOf(
          size,
          "client",
        )}</span><span class="pill ${stand}">${stand === "sent"
        ? `sent ${formatCount(sent)}`
        : WORDS[stand]}</span></li>
  `;
}

function clientsNode(clients: readonly StandingMember[], isNamed: boolean): Markup {
  const more = clients.length - DOTS;
  return html`
    <li
      class="node clients"><span class="disc"></span><b>Clients of its own</b><span class="soft count">${formatCount(
        clients.length,
      )}</span><span class="dots">${clients.slice(0, DOTS).map(({ id, stand }) =>
        html`<i class="${stand}" title="${isNamed ? `${shortOf(id, 8)}: ` : ""}${
          WORDS[stand]
        }"></i>`
      )}${more > 0
        ? html`<span class="soft">and ${formatCount(more)} more</span>`
        : NOTHING}</span></li>
  `;
}

function legend(members: readonly StandingMember[]): Markup {
  const counts = countStands(members);
  return html`<span class="legend">${
    STANDS.filter((stand) => counts.has(stand)).map((stand) =>
      html`<span class="${stand}"><i></i>${formatCount(counts.get(stand) ?? 0)} ${
        WORDS[stand]
      }</span>`
    )
  }</span>`;
}

function nameOf({ id }: StandingMember, at: number, isNamed: boolean): string {
  return `Region ${isNamed ? shortOf(id, 8) : at + 1}`;
}

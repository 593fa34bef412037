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
  const below = `${formatOf(regions.length, "region")}, ${formatOf(status.size, "client")}`;
  const nodes = regions.slice(0, REGIONS).map((region, at) =>
    regionNode(region, {
      ...isNamed
        ? { name: `Region ${shortOf(region.id, 8)}`, title: region.id }
        : { name: `Region ${at + 1}`, title: "" },
      share: region.size / largest,
    })
  );
  const more = regions.length - REGIONS;
  return html`
    <section class="card" aria-label="Tree">
      <h2>Tree ${legend(members)}</h2>
      <div class="tree">
        <p class="node top">
          <span class="disc"></span>
          <b>${status.role}</b>
          <span class="soft">${below}</span>
        </p>
        <ul>
          ${nodes}
          ${more > 0 ? plainNode(`and ${formatOf(more, "more region")}`) : NOTHING}
          ${clients.length > 0 ? clientsNode(clients, isNamed) : NOTHING}
          ${members.length === 0 ? plainNode("Nobody has enrolled yet.") : NOTHING}
        </ul>
      </div>
      ${isNamed ? NOTHING : NUMBERED}
    </section>
  `;
}

const NUMBERED = html`
  <p class="soft note">
    Members are numbered. Open the page with the operator's token to see their ids.
  </p>
`;

function plainNode(text: string): Markup {
  return html`
    <li class="node"><span class="soft">${text}</span></li>
  `;
}

function regionNode(
  { stand, size, sent = 0 }: StandingMember,
  { name, title, share }: {
    readonly name: string;
    readonly title: string;
    readonly share: number;
  },
): Markup {
  const word = stand === "sent" ? `sent ${formatCount(sent)}` : WORDS[stand];
  return html`
    <li class="node ${stand}">
      <span class="disc"></span>
      <b title="${title}">${name}</b>
      <span class="size">${shareBar(share)}</span>
      <span class="soft count">${formatOf(size, "client")}</span>
      <span class="pill ${stand}">${word}</span>
    </li>
  `;
}

function clientsNode(clients: readonly StandingMember[], isNamed: boolean): Markup {
  const dots = clients.slice(0, DOTS).map(({ id, stand }) => {
    const title = isNamed ? `${shortOf(id, 8)}: ${WORDS[stand]}` : WORDS[stand];
    return html`
      <i class="${stand}" title="${title}"></i>
    `;
  });
  const more = clients.length - DOTS;
  return html`
    <li class="node clients">
      <span class="disc"></span>
      <b>Clients of its own</b>
      <span class="soft">${formatCount(clients.length)}</span>
      <span class="dots">${dots}</span>
      ${more > 0 ? html`<span class="soft">and ${formatCount(more)} more</span>` : NOTHING}
    </li>
  `;
}

/** How many members stand how. */
function legend(members: readonly StandingMember[]): Markup {
  const counts = countStands(members);
  const shown = STANDS.filter((stand) => counts.has(stand)).map((stand) => {
    const text = `${formatCount(counts.get(stand) ?? 0)} ${WORDS[stand]}`;
    return html`
      <span class="${stand}"><i></i>${text}</span>
    `;
  });
  return html`
    <span class="legend">${shown}</span>
  `;
}

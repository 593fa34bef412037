/**
 * The page: a frame that is the same for everyone, and what it shows of a task.
 *
 * @module
 */
import { toBase64, utf8 } from "../../src/core/bytes.ts";
import type { Digest } from "../../src/core/digest.ts";
import { chartPanels } from "./chart_panels.ts";
import { shortOf } from "./format.ts";
import { logPanel } from "./log_panel.ts";
import { html, raw } from "hono/html";
import { PAGE_SCRIPT } from "./page_script.ts";
import { PAGE_STYLE } from "./page_style.ts";
import type { TaskView } from "./task_view.ts";
import { tiles } from "./tiles.ts";
import { treePanel } from "./tree_panel.ts";

/** Streams that join. */
const MARK = html`
  <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round">
    <path d="M12 22V12M12 15C12 9 5 10 5 3M12 12C12 8 19 9 19 3M12 10V3" />
  </svg>
`;

/** The same; without it browsers ask for an icon that is not there. */
const ICON = `data:image/svg+xml,${
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f7bea" ' +
      'stroke-width="2.4" stroke-linecap="round">' +
      '<path d="M12 22V12M12 15C12 9 5 10 5 3M12 12C12 8 19 9 19 3M12 10V3"/></svg>',
  )
}`;

/** The frame; it holds nothing of any task. */
export function pageFrame(): string {
  return String(html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Tributary</title>
        <link rel="icon" href="${ICON}">
        <style>${raw(PAGE_STYLE)}</style>
      </head>
      <body>
        <header>
          <span class="brand">${MARK} Tributary</span>
          <span id="live" role="status">connecting</span>
        </header>
        <main id="view"><noscript>This page needs JavaScript.</noscript></main>
        <script>${raw(PAGE_SCRIPT)}</script>
      </body>
    </html>
  `).trimStart();
}

/**
 * Headers of the frame: it may run its own script and style, which are told by their digests, speak to
 * this server, and nothing else.
 */
export async function frameHeaders(digest: Digest): Promise<Record<string, string>> {
  const source = async (text: string) => `'sha256-${toBase64(await digest(utf8(text)))}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${await source(PAGE_SCRIPT)}`,
    `style-src ${await source(PAGE_STYLE)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
}

/**
 * What the page shows of a task.
 *
 * @param isNamed Whether members are shown by their ids.
 */
export function taskMarkup(view: TaskView, isNamed: boolean): string {
  const { id, task, status: { phase, nowMs } } = view;
  return String(html`
    <div class="title" data-now="${nowMs}">
      <h1>${task.name}</h1>
      <span class="phase ${phase}">${phase}</span>
      <span class="soft">
        ${task.model.kind} · ${task.strategy.kind} · task <code title="${id}">${shortOf(
          id,
          12,
        )}</code>
      </span>
    </div>
    ${tiles(view)} ${treePanel(view, isNamed)} ${chartPanels(view)} ${logPanel(view)}
  `);
}

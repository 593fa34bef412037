/**
 * What the page does by itself: it hears that something has changed, fetches what to show, and counts
 * seconds. All that it shows comes from the server as markup.
 *
 * @module
 */

/** The one script. It runs in browsers, and reads nothing that is not of this server. */
export const PAGE_SCRIPT: string = `
"use strict";
const view = document.getElementById("view");
const live = document.getElementById("live");
const asked = new URLSearchParams(location.search).get("task");
const hash = new URLSearchParams(location.hash.slice(1));
// What comes after # is not sent to any server; kept for this tab, and out of its address.
if (hash.has("token")) {
  sessionStorage.setItem("tributary-token", hash.get("token"));
  history.replaceState(null, "", location.pathname + location.search);
}
const token = sessionStorage.getItem("tributary-token");
const headers = token === null ? {} : { authorization: "Bearer " + token };
let ahead = 0;
let busy = false;
let again = false;

function say(text, isOn) {
  live.textContent = text;
  live.classList.toggle("on", isOn);
}

function tick() {
  for (const time of view.querySelectorAll("[data-until]")) {
    const s = Math.max(0, Math.ceil((Number(time.dataset.until) - Date.now() - ahead) / 1000));
    const pad = (part) => String(part).padStart(2, "0");
    time.textContent = s < 3600
      ? Math.floor(s / 60) + ":" + pad(s % 60)
      : Math.floor(s / 3600) + " h " + pad(Math.floor(s % 3600 / 60)) + " min";
  }
}

async function show(task) {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      const answer = await fetch("dashboard/tasks/" + task, { headers });
      if (!answer.ok) throw new Error("status " + answer.status);
      view.innerHTML = await answer.text();
      ahead = Number(view.querySelector("[data-now]").dataset.now) - Date.now();
      for (const time of view.querySelectorAll("[data-at]")) {
        time.textContent = new Date(Number(time.dataset.at)).toLocaleTimeString();
      }
      for (const here of view.querySelectorAll("[data-origin]")) {
        here.textContent = new URL(".", location.href).href.replace(/\\/$/, "");
      }
      tick();
    } while (again);
  } finally {
    busy = false;
  }
}

async function start() {
  const { tasks } = await (await fetch("v1/tasks")).json();
  const task = encodeURIComponent(asked ?? tasks[0]?.task ?? "");
  if (task === "") {
    say("no task yet", false);
    setTimeout(restart, 2000);
    return;
  }
  await show(task);
  const events = new EventSource("v1/tasks/" + task + "/events");
  events.addEventListener("open", () => say("live", true));
  events.addEventListener("status", () => show(task).catch(() => say("reconnecting", false)));
  const ticking = setInterval(tick, 1000);
  // A page that the browser keeps for later would keep its place among the listeners too.
  addEventListener("pagehide", () => {
    clearInterval(ticking);
    events.close();
  }, { once: true });
  events.addEventListener("error", () => {
    say("reconnecting", false);
    // Browsers come back by themselves after a broken line, but not after an answer that is a refusal.
    if (events.readyState !== EventSource.CLOSED) return;
    clearInterval(ticking);
    setTimeout(restart, 2000);
  });
}

function restart() {
  start().catch(() => {
    say("reconnecting", false);
    setTimeout(restart, 2000);
  });
}

addEventListener("pageshow", ({ persisted }) => persisted && restart());
restart();
`;

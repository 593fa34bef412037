import assert from "node:assert/strict";
import { formatValue } from "../../edge/dashboard/format.ts";
import { hasChromium, openPage, type Page } from "./chromium.ts";
import { startScene } from "./dashboard_scene.ts";

/** Screenshots are kept here. */
const OUT = new URL("../../out/", import.meta.url);
const CHROMIUM = await hasChromium();
const TOKEN = "operator-knows";
/** Whatever a task is called, it is text. */
const NAME = `films <img src=x onerror="document.title='taken'"> & more`;
const [DAY, NIGHT] = ["light", "dark"] as const;

async function keep(page: Page, name: string): Promise<void> {
  await Deno.mkdir(OUT, { recursive: true });
  await Deno.writeFile(new URL(name, OUT), await page.screenshot());
}

/** Asks until the listener before has left. */
async function untilFree(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await answer.body?.cancel();
  }
}

const text = (selector: string) =>
  `(document.querySelector(${JSON.stringify(selector)})?.innerText ?? "")`;

Deno.test({
  name:
    "dashboard in Chromium: rounds, members, privacy and the log appear, and follow what happens",
  ignore: !CHROMIUM && Deno.env.get("CI") !== "true",
  async fn() {
    const sizes = [420, 260, 180, 90, 40, 1, 1, 1, 1, 1];
    await using scene = await startScene({ name: NAME, sizes, token: TOKEN });
    const { clock, regions } = scene;
    for (let round = 1; round <= 12; round++) {
      const open = await scene.round(round - 1);
      clock.advance(3000);
      const loss = 0.25 + 0.45 * Math.exp(-round / 4);
      // In one round too few come in time.
      for (const region of round === 7 ? regions.slice(1, 3) : regions) {
        await scene.send(region, open, loss);
      }
      if (round === 7) clock.advance(60_000);
    }
    const open = await scene.round(12);
    await using page = await openPage();
    await page.look({ width: 1280, height: 900, colours: DAY });
    await page.goto(`${scene.url}/dashboard#token=${TOKEN}`);
    await page.until(`document.querySelector("#live.on") !== null`);

    assert.equal(await page.evaluate("document.title"), "Tributary");
    assert.equal(await page.evaluate(text("h1")), NAME);
    assert.equal(await page.evaluate("location.hash"), "");
    assert.match(
      await page.evaluate(text(".tile:nth-child(1)")),
      /^Round\s+13\s+11 of 40 models · 1 abandoned$/,
    );
    assert.match(await page.evaluate(text(".tile:nth-child(5)")), /Privacy spent\s+ε 3\.\d\d of 8/);
    assert.match(
      await page.evaluate(text(".verdict")),
      /has checked all 13 entries.*signed by the task's owner, whose key is/,
    );
    assert.equal(await page.evaluate(`document.querySelectorAll(".chart .cross").length`), 2);
    const loss = await page.evaluate<string>(text(".charts .card:first-child h2"));
    // The root's noise is in it, so that it is another each time: the log says which.
    const { entries } = await regions[0]!.peer.log(scene.id, { from: 12 });
    const last = entries[0]!.body.event;
    if (last.kind !== "published") throw new Error(`the last round was ${last.kind}`);
    assert.equal(loss.replace(/\s+/g, " "), `loss by round ${formatValue(last.metrics["loss"]!)}`);

    // An update arrives: the page hears of it and shows it, without being asked to.
    await scene.send(regions[0]!, open, 0.25);
    await scene.send(regions[5]!, open, 0.25);
    await scene.settle();
    await page.until(`${text(".pill.sent")} === "sent 420"`);
    // Twice as long as the rounds before have taken: those who are missing are late.
    clock.advance(6001);
    await scene.send(regions[2]!, open, 0.25);
    await scene.settle();
    await page.until(`document.querySelectorAll(".node.late").length === 3`);
    assert.match(await page.evaluate(text("[data-until]")), /^0:5\d$/);
    assert.match(await page.evaluate(text(".legend")), /3 sent\s+7 late/);
    const id = regions[0]!.id;
    assert.ok((await page.evaluate<string>(text(".tree"))).includes(id.slice(0, 8)));

    await keep(page, "dashboard-light.png");
    await page.look({ width: 1280, height: 900, colours: NIGHT });
    await keep(page, "dashboard-dark.png");
    await page.look({ width: 390, height: 844, colours: DAY });
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert.equal(await page.evaluate(overflow), 0);
    await keep(page, "dashboard-narrow.png");

    assert.deepEqual(page.complaints, []);

    // Without the token the members are numbered, and no id is anywhere in the page.
    await page.evaluate("sessionStorage.clear()");
    await page.goto("about:blank");
    // While another has the one place for listeners the page says so, and is live once it is free.
    const events = `${scene.url}/v1/tasks/${scene.id}/events`;
    const other = await untilFree(() => fetch(events));
    await page.goto(`${scene.url}/dashboard`);
    await page.until(`${text("#live")} === "reconnecting"`);
    assert.match(await page.evaluate(text(".tree")), /5 regions/);
    await other.body?.cancel();
    await page.until(`document.querySelector("#live.on") !== null`);
    assert.equal(page.complaints.length, 1);
    assert.match(page.complaints[0] ?? "", /503/);
    assert.match(await page.evaluate(text(".tree")), /Region 1\b/);
    const shown = await page.evaluate<string>("document.documentElement.outerHTML");
    for (const { id } of regions) assert.ok(!shown.includes(id.slice(0, 8)));

    for (const url of page.requests) assert.ok(url.startsWith(scene.url), url);
    assert.ok(page.requests.every((url) => !url.includes(TOKEN)));
  },
});

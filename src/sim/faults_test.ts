import assert from "node:assert/strict";
import { drawFates, type Faults, type RoundFates } from "./faults.ts";

const CLIENTS = 4000;
const ROUND = { clients: CLIENTS, nodes: 4, bytes: { down: 1000, up: 500 } };

async function fatesOf(faults: Faults, round = 1, seed = new Uint8Array(32)): Promise<RoundFates> {
  return await (await drawFates({ ...ROUND, faults, seed }))(round);
}

/** Share of devices that do something. */
function rate({ devices }: RoundFates, does: string): number {
  return devices.filter((fate) => fate.does === does).length / CLIENTS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length / 2] ?? NaN;
}

Deno.test("faults: nothing goes wrong and nothing takes time by default", async () => {
  const { devices, down } = await fatesOf({});
  assert.deepEqual(new Set(devices.map((fate) => JSON.stringify(fate))).size, 1);
  assert.deepEqual(devices[0], { does: "send", trainMs: 0, sendMs: 0 });
  assert.deepEqual(down, [false, false, false, false]);
});

Deno.test("faults: devices are away, or lost among the others, as often as asked for", async () => {
  const fates = await fatesOf({ dropout: 0.2, lost: 0.25 });
  assert.ok(Math.abs(rate(fates, "nothing") - 0.2) < 0.02);
  assert.ok(Math.abs(rate(fates, "train") - 0.8 * 0.25) < 0.02);
  assert.equal(rate(await fatesOf({ dropout: 1 }), "nothing"), 1);
  assert.equal(rate(await fatesOf({ lost: 1 }), "train"), 1);
});

Deno.test("faults: the seed and the round decide, and one rate leaves the other draws alone", async () => {
  const faults = { dropout: 0.3, lost: 0.3 };
  const one = await fatesOf(faults);
  assert.deepEqual(await fatesOf(faults), one);
  assert.notDeepEqual(await fatesOf(faults, 2), one);
  assert.notDeepEqual(await fatesOf(faults, 1, new Uint8Array(32).fill(1)), one);
  const fewer = await fatesOf({ ...faults, dropout: 0.1 });
  // Whoever is away at a lower rate is away at a higher one.
  fewer.devices.forEach(({ does }, client) => {
    if (does === "nothing") assert.equal(one.devices[client]?.does, "nothing");
    else if (one.devices[client]?.does !== "nothing") assert.equal(one.devices[client]?.does, does);
  });
});

Deno.test("faults: regions go down, the root never", async () => {
  const faults = { regionDropout: 0.5 };
  const draw = await drawFates({ ...ROUND, clients: 1, faults, seed: new Uint8Array(32) });
  const rounds = await Promise.all(Array.from({ length: 1000 }, (_, round) => draw(round)));
  assert.ok(rounds.every(({ down }) => down[0] === false));
  const down = rounds.flatMap(({ down }) => down.slice(1)).filter(Boolean).length;
  // Five standard deviations to either side.
  assert.ok(Math.abs(down / 3000 - 0.5) < 5 * Math.sqrt(0.25 / 3000), `${down}`);
  const always = await fatesOf({ regionDropout: 1 });
  assert.deepEqual(always.down, [false, true, true, true]);
});

Deno.test("faults: times have the asked median and spread, and a device keeps its speed", async () => {
  const pace = { trainMs: 10_000, spread: 0.8, jitter: 0.1, bytesPerSecond: 100 };
  const draw = await drawFates({ ...ROUND, faults: { pace }, seed: new Uint8Array(32) });
  const [one, two] = [await draw(1), await draw(2)];
  const train = one.devices.map(({ trainMs, sendMs }) => trainMs - 2 * sendMs);
  assert.ok(Math.abs(Math.log(median(train) / 10_000)) < 0.05);
  const logs = train.map((ms) => Math.log(ms / 10_000));
  const sd = Math.sqrt(logs.reduce((sum, log) => sum + log ** 2, 0) / CLIENTS);
  assert.ok(Math.abs(sd - Math.hypot(0.8, 0.1)) < 0.05, `${sd}`);
  const between = logs.map((log, client) => {
    const { trainMs = NaN, sendMs = NaN } = two.devices[client] ?? {};
    return log - Math.log((trainMs - 2 * sendMs) / 10_000);
  });
  const jitter = Math.sqrt(between.reduce((sum, log) => sum + log ** 2, 0) / CLIENTS);
  assert.ok(Math.abs(jitter - 0.1 * Math.SQRT2) < 0.02, `${jitter}`);
});

Deno.test("faults: transfers take as long as their bytes on the device's link", async () => {
  const pace = { trainMs: 0, spread: 0, bytesPerSecond: 250 };
  const { devices } = await fatesOf({ pace });
  assert.deepEqual(devices[7], { does: "send", trainMs: 4000, sendMs: 2000 });
  const even = await fatesOf({ pace: { trainMs: 300, spread: 0, jitter: 0 } });
  assert.deepEqual(even.devices[7], { does: "send", trainMs: 300, sendMs: 0 });
});

Deno.test("faults: chances and times that make no sense are refused by name", async () => {
  const wrong: [Faults, RegExp][] = [
    [{ dropout: -0.1 }, /^RangeError: Cannot simulate a dropout of -0.1: expected .* 0 to 1$/],
    [{ lost: NaN }, /a lost of NaN/],
    [{ regionDropout: 2 }, /a regionDropout of 2/],
    [{ pace: { trainMs: -1 } }, /a trainMs of -1: expected 0 or more/],
    [{ pace: { trainMs: 1, spread: Infinity } }, /a spread of Infinity/],
    [{ pace: { trainMs: 1, jitter: NaN } }, /a jitter of NaN/],
    [{ pace: { trainMs: 1, bytesPerSecond: 0 } }, /0 bytes a second: expected a number above 0/],
  ];
  for (const [faults, expected] of wrong) await assert.rejects(fatesOf(faults), expected);
});

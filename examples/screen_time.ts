/**
 * What do people do with their phones? Thirty of them answer three questions, and nobody hears what
 * any one of them has answered: each sends one masked message a round, two regions add, two helpers
 * give the root the pads of the sum, and the root learns the sum alone.
 *
 * `deno run -A examples/screen_time.ts`
 *
 * @module
 */
import * as tributary from "../mod.ts";
import {
  evenEdges,
  type FieldHistogram,
  type FieldMean,
  type HeavyHitter,
  heavyHitters,
  heavyHittersOf,
  histogram,
  histogramsOf,
  mean,
  meansOf,
} from "../src/analytics/mod.ts";
import { createHelperApp } from "../edge/helper/mod.ts";
import { memoryHelperStore, memoryStore } from "../edge/memory/mod.ts";
import { createAggregatorApp } from "../edge/mod.ts";
import { generateHelperKey } from "../src/mask/mod.ts";

/** What one person's phone knows. */
export interface Person {
  /** Minutes of each session. */
  readonly minutes: readonly number[];
  /** Years. */
  readonly age: number;
  /** What is opened most. */
  readonly app: string;
}

/** What the analyst learns. */
export interface Answers {
  /** How long sessions last. */
  readonly minutes: FieldMean;
  /** How old people are. */
  readonly age: FieldHistogram;
  /** Which apps many of them open, although nobody has a list of apps. */
  readonly apps: readonly HeavyHitter[];
}

/** Longest name of an app, in letters. */
const LETTERS = 10;
/** Fewest people that share an app before its name is told. */
const SHARED = 4;

/** Asks everybody all three questions. */
export async function askEverybody(
  people: readonly Person[],
  print: (line: string) => void,
): Promise<Answers> {
  const apps = heavyHitters({
    alphabet: "abcdefghijklmnopqrstuvwxyz",
    length: LETTERS,
    threshold: SHARED,
    width: 16,
  });
  const [minutes, ages, names] = [
    mean({ fields: { minutes: [0, 60] } }),
    histogram({ fields: { age: evenEdges(4, { low: 10, high: 90 }) } }),
    apps,
  ];
  const values = people.map(({ minutes, age }) =>
    ({ kind: "values", values: { minutes, age: [age] } }) as const
  );
  const items = people.map(({ app }) => ({ kind: "items", items: [app] }) as const);

  print("How long are sessions?");
  const long = await ask("minutes", { model: minutes, rounds: 1, examples: values }, print);
  print("How old are people?");
  const old = await ask("ages", { model: ages, rounds: 1, examples: values }, print);
  print("What do they open?");
  const open = await ask("apps", { model: names, rounds: apps.rounds, examples: items }, print);
  const found = {
    minutes: meansOf(long.task, long.tensors).minutes,
    age: histogramsOf(old.task, old.tensors).age,
    apps: heavyHittersOf(open.task, open.tensors),
  };
  if (!found.minutes || !found.age) throw new Error("no answer");
  return { ...found, minutes: found.minutes, age: found.age };
}

interface Question {
  readonly model: tributary.TaskDefinition["model"];
  readonly rounds: number;
  readonly examples: readonly tributary.Examples[];
}

/** One task through a tree of its own: a root, two regions, two helpers, a device for each person. */
async function ask(
  name: string,
  { model, rounds, examples }: Question,
  print: (line: string) => void,
): Promise<{ readonly task: tributary.Task; readonly tensors: tributary.NamedTensors }> {
  const module = await tributary.inlineModule("aggregate");
  const core = tributary.createTrainCore(await tributary.inlineModule("train"));
  // All parties are in this process, each under an address of its own. Live, leave `fetch` out.
  const hosts = new Map<string, (request: Request) => Response | Promise<Response>>();
  const fetch = async (request: Request) => {
    const host = hosts.get(new URL(request.url).hostname);
    if (host === undefined) throw new TypeError(`nobody is at ${request.url}`);
    return await host(request);
  };

  // The helpers belong to two organisations that do not work together: each learns nothing alone.
  const helpers = await Promise.all([1, 2].map(async (number) => {
    const [key, identity] = [await generateHelperKey(), await tributary.generateIdentity()];
    const helper = createHelperApp({ store: memoryHelperStore(), keys: [key], identity, module });
    hosts.set(`helper${number}`, (request) => helper.fetch(request));
    return {
      url: `http://helper${number}`,
      key: base64Url(key.publicKey),
      identity: base64Url(identity.publicKey),
    };
  }));
  const task = tributary.defineTask({
    name,
    model,
    update: { slotBits: 26 },
    mask: { kind: "two_helper", helpers },
    clients: { min: examples.length, max: examples.length },
    stop: { rounds },
  });

  const identity = await tributary.generateIdentity();
  const strategy = () => tributary.strategyFrom(task.strategy, core);
  const root = createAggregatorApp({ store: memoryStore(), identity, module, strategy, fetch });
  await using _root = root.aggregator;
  hosts.set("root", (request) => root.fetch(request));
  await root.aggregator.start();
  const signed = await tributary.signTask(task, identity);
  await root.aggregator.own({ signed, model: model.initial(new Uint8Array(32)) });
  await using regions = new AsyncDisposableStack();
  for (const region of ["north", "south"]) {
    const app = createAggregatorApp({
      ...{ store: memoryStore(), identity: await tributary.generateIdentity(), module, fetch },
      parent: { url: "http://root" },
    });
    regions.use(app.aggregator);
    hosts.set(region, (request) => app.fetch(request));
    await app.aggregator.start();
  }

  const models = await Promise.all(examples.map(async (own, at) => {
    await using device = await tributary.join(at % 2 === 0 ? "http://north" : "http://south", {
      ...{ identity: await tributary.generateIdentity(), examples: own, fetch },
      // A device takes no question whose answer would be about fewer than ten people.
      insist: { masks: ["two_helper"], min: 10 },
    });
    for await (const report of device.rounds()) {
      if (at === 0 && report.kind === "sent") {
        print(`  round ${report.round}: ${report.bytesSent} bytes from each of ${examples.length}`);
      }
    }
    return (await device.model()).tensors;
  }));
  return { task, tensors: models[0] ?? {} };
}

function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** People who are made up. */
export function inventPeople(count: number, random: () => number): Person[] {
  const apps = ["maps", "mail", "chess", "radio", "weather"];
  return Array.from({ length: count }, (_, at) => ({
    minutes: Array.from({ length: 1 + Math.floor(6 * random()) }, () => 40 * random() ** 2),
    age: Math.floor(14 + 60 * random()),
    // One app is so rare that nobody is told of it.
    app: at === 0 ? "mydiaryapp" : apps[Math.floor(apps.length * random() ** 2)] ?? "maps",
  }));
}

if (import.meta.main) {
  const { minutes, age, apps } = await askEverybody(inventPeople(30, Math.random), console.log);
  console.log(`a session lasts ${minutes.mean.toFixed(1)} minutes (${minutes.count} people)`);
  console.log(`ages from ${age.edges[0]} in steps of 20: ${age.counts.join(", ")}`);
  console.log(`opened: ${apps.map(({ item, count }) => `${item} ${count}`).join(", ")}`);
}

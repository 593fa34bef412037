/**
 * workerd by itself, as the platform runs it: without what starts it for tests, which takes longer and
 * less steadily than what is to be measured.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { workerdProgram } from "../edge/cloudflare/_packages_testing.ts";

/** What a worker is made of. */
export interface WorkerdOptions {
  /** Its code, in one file. */
  readonly bundle: string;
  /** Classes of its objects, by the names of their bindings; each has SQLite. */
  readonly objects: Readonly<Record<string, string>>;
  /** Its secrets. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Folder of its own, in which objects are kept. */
  readonly folder: string;
}

/** A worker that runs. */
export interface WorkerdProcess extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** Processor time that it has taken so far, in milliseconds; NaN where the system does not tell. */
  processorMs(): Promise<number>;
}

const CORE = fileURLToPath(new URL("../wasm/aggregate/pkg/aggregate_bg.wasm", import.meta.url));

/** How a bundle names it. */
const CORE_IMPORT = "../../wasm/aggregate/pkg/aggregate_bg.wasm";

/** Writes what workerd reads, so that a start is a start alone. */
export async function prepareWorkerd(
  options: WorkerdOptions,
): Promise<() => Promise<WorkerdProcess>> {
  const { bundle, objects, secrets = {}, folder } = options;
  const classes = Object.entries(objects);
  const text = (value: string) => JSON.stringify(value);
  await Deno.mkdir(`${folder}/objects`, { recursive: true });
  await Deno.writeTextFile(`${folder}/worker.mjs`, bundle.replaceAll(CORE_IMPORT, "./core.wasm"));
  await Deno.copyFile(CORE, `${folder}/core.wasm`);
  await Deno.writeTextFile(
    `${folder}/workerd.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = ${text(`${folder}/objects`)}, writable = true)),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "core.wasm", wasm = embed "core.wasm"),
  ],
  compatibilityDate = "2026-07-01",
  bindings = [
    ${
      Object.entries(secrets).map(([name, value]) =>
        `(name = ${text(name)}, text = ${text(value)}),`
      ).join("\n    ")
    }
    ${
      classes.map(([name, of]) => `(name = ${text(name)}, durableObjectNamespace = ${text(of)}),`)
        .join("\n    ")
    }
  ],
  durableObjectNamespaces = [
    ${
      classes.map(([, of]) =>
        `(className = ${text(of)}, uniqueKey = ${text(of)}, enableSql = true),`
      ).join("\n    ")
    }
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`,
  );
  return async () => {
    const child = new Deno.Command(workerdProgram(), {
      args: ["serve", "--experimental", "--control-fd=1", `${folder}/workerd.capnp`],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const stop = async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    };
    let told = "";
    for (;;) {
      const { done, value } = await reader.read();
      told += value ?? "";
      const [, port] = /"event":"listen".*?"port":(\d+)/.exec(told) ?? [];
      if (port !== undefined) {
        return {
          url: `http://127.0.0.1:${port}`,
          processorMs: () => processorMs(child.pid),
          [Symbol.asyncDispose]: stop,
        };
      }
      if (done) throw new Error(`Cannot start workerd: ${told}`);
    }
  };
}

/** User's and system's time of all threads, in ticks of 10 ms: fields 14 and 15 of proc(5). */
async function processorMs(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

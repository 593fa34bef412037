/**
 * Aggregators that take bodies in, and the bare servers that they are compared to.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Task, taskId } from "../src/wire/task.ts";
import { serveIdleTask } from "./idle_task.ts";
import { startBareWorker, startRegionWorker } from "./load/workerd.ts";

/** A server that is loaded. */
export interface LoadedServer extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
}

/** An aggregator that is loaded. */
export interface LoadedAggregator extends LoadedServer {
  /** The most memory that its process has had, in MB; not a number where the system does not tell. */
  peakMb(): Promise<number>;
}

/** Where an aggregator runs. */
export interface Runtime {
  /** Its name. */
  readonly name: string;
  /** Starts one that works on a task. */
  open(task: Task, folder: string): Promise<LoadedAggregator>;
  /** Starts a server that reads and hashes bodies. */
  bare(): Promise<LoadedServer>;
}

/** A root on SQLite, in this process. */
export const IN_DENO: Runtime = {
  name: "Deno",
  async open(task, folder) {
    const served = await serveIdleTask(task, folder);
    return {
      url: served.url,
      peakMb: () => Promise.resolve(Deno.memoryUsage().rss / 1e6),
      [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
    };
  },
  bare() {
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      async (request) => {
        const hash = createHash("sha256");
        if (request.body !== null) { for await (const chunk of request.body) hash.update(chunk); }
        return new Response(hash.digest("hex"), { status: 201 });
      },
    );
    return Promise.resolve({
      url: `http://127.0.0.1:${server.addr.port}`,
      [Symbol.asyncDispose]: () => server.shutdown(),
    });
  },
};

/** A region in an object of workerd, below a root in this process. */
export const IN_WORKERD: Runtime = {
  name: "workerd",
  async open(task, folder) {
    const served = await serveIdleTask(task, folder);
    const worker = await startRegionWorker({
      ...{ folder, parent: served.url, task: await taskId(task) },
    });
    return {
      ...{ url: worker.url, peakMb: worker.peakMb },
      async [Symbol.asyncDispose]() {
        await worker[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      },
    };
  },
  bare: startBareWorker,
};

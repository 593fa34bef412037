/**
 * What is put under load, in a process of its own: a region, or a server that reads and hashes and
 * does nothing else. Told by one JSON argument what to be; prints its address once it is ready.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { serveAggregator } from "../../edge/deno/mod.ts";
import type { Limits } from "../../edge/limits.ts";

/** What to be. */
export type ServerPlan =
  | {
    readonly kind: "region";
    /** File, or address of a database. */
    readonly store: string;
    /** File of its key. */
    readonly identity: string;
    /** Address of its parent. */
    readonly parent: string;
    readonly limits?: Partial<Limits>;
  }
  | { readonly kind: "bare" };

async function serve(plan: ServerPlan): Promise<string> {
  switch (plan.kind) {
    case "region": {
      const { parent, ...options } = plan;
      const region = await serveAggregator({ ...options, parent: { url: parent } });
      await region.ready;
      return region.url;
    }
    case "bare": {
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        async ({ body }) => {
          const hash = createHash("sha256");
          if (body !== null) { for await (const chunk of body) hash.update(chunk); }
          return new Response(hash.digest("hex"), { status: 201 });
        },
      );
      return `http://127.0.0.1:${server.addr.port}`;
    }
    default:
      throw plan satisfies never;
  }
}

if (import.meta.main) console.log(await serve(JSON.parse(Deno.args[0] ?? "{}")));

/**
 * The kinds of region that are put under load.
 *
 * @module
 */
import { DATABASE, temporarySchema } from "../../edge/postgres/_testing.ts";
import { canRunWorkerd } from "../../edge/cloudflare/_testing.ts";
import { type LoadedServer, type RegionPlace, startServer } from "./process.ts";
import { startBareWorker, startRegionWorker } from "./workerd.ts";

/** A kind of region. */
export interface RegionKind {
  /** What figures call it. */
  readonly name: string;
  /** What figures call the server of the same runtime that only reads and hashes. */
  readonly bareName: string;
  /** Starts a region; again in the same folder, it goes on. */
  start(place: RegionPlace): Promise<LoadedServer>;
  /** Starts a server of the same runtime that reads and hashes. */
  startBare(): Promise<LoadedServer>;
  /** Removes what its regions kept outside of their folders. */
  end(): Promise<void>;
}

const onSqlite: RegionKind = {
  name: "Deno on SQLite",
  bareName: "a bare Deno server",
  start: ({ folder, parent, limits }) =>
    startServer({
      ...{ kind: "region", store: `${folder}/region.db`, identity: `${folder}/region.key`, parent },
      ...(limits && { limits }),
    }),
  startBare: () => startServer({ kind: "bare" }),
  end: () => Promise.resolve(),
};

/** A region in a schema of a database, which goes with the last of them. */
function onPostgres(url: string): RegionKind {
  const { schema, drop } = temporarySchema(url);
  return {
    ...onSqlite,
    name: "Deno on Postgres",
    start: ({ folder, parent, limits }) =>
      startServer({
        ...{ kind: "region", store: `${url}?schema=${schema}`, parent },
        ...{ identity: `${folder}/region.key`, ...(limits && { limits }) },
      }),
    end: drop,
  };
}

const asWorker: RegionKind = {
  name: "a Worker (workerd)",
  bareName: "a bare Worker",
  start: startRegionWorker,
  startBare: startBareWorker,
  end: () => Promise.resolve(),
};

/** Those that this machine can run. */
export async function regionKinds(): Promise<readonly RegionKind[]> {
  const kinds = [onSqlite];
  if (DATABASE !== undefined) kinds.push(onPostgres(DATABASE));
  if (await canRunWorkerd()) kinds.push(asWorker);
  return kinds;
}

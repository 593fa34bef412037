/**
 * The kinds of region that are put under load.
 *
 * @module
 */
import type { Limits } from "../../edge/limits.ts";
import { type LoadedServer, startServer } from "./process.ts";

/** Where a region runs. */
export interface RegionPlace {
  /** Folder of its files. */
  readonly folder: string;
  /** Address of its parent. */
  readonly parent: string;
  readonly limits?: Partial<Limits>;
}

/** A kind of region. */
export interface RegionKind {
  /** What figures call it. */
  readonly name: string;
  /** What figures call the server of the same runtime that only reads and hashes. */
  readonly bareName: string;
  /** Whether its limits can be set. */
  readonly canBeLimited: boolean;
  /** Starts a region; again in the same folder, it goes on. */
  start(place: RegionPlace): Promise<LoadedServer>;
  /** Starts a server of the same runtime that reads and hashes. */
  startBare(): Promise<LoadedServer>;
}

const onSqlite: RegionKind = {
  name: "Deno on SQLite",
  bareName: "a bare Deno server",
  canBeLimited: true,
  start: ({ folder, parent, limits }) =>
    startServer({
      ...{ kind: "region", store: `${folder}/region.db`, identity: `${folder}/region.key`, parent },
      ...(limits && { limits }),
    }),
  startBare: () => startServer({ kind: "bare" }),
};

/** Those that this machine can run. */
export function regionKinds(): Promise<readonly RegionKind[]> {
  return Promise.resolve([onSqlite]);
}

/**
 * The tables of an aggregator in Postgres, as numbered steps.
 *
 * @module
 */

/**
 * Step n takes a schema of version n to n + 1. A step that was released is never edited: databases
 * that went through it exist. Text and names sort by bytes, as in every other store, and slices are
 * not compressed: masked parcels are as good as random.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE records (
     task text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, record text NOT NULL
   );
   CREATE TABLE members (
     task text COLLATE "C", id text COLLATE "C", "row" text NOT NULL, PRIMARY KEY (task, id)
   );
   CREATE TABLE updates (
     task text COLLATE "C", round bigint, member text COLLATE "C", position bigint NOT NULL,
     "row" text NOT NULL, PRIMARY KEY (task, round, member)
   );
   CREATE TABLE slices (
     task text COLLATE "C", name text COLLATE "C", part integer, bytes bytea NOT NULL,
     PRIMARY KEY (task, name, part)
   );
   ALTER TABLE slices ALTER COLUMN bytes SET STORAGE EXTERNAL;
   CREATE TABLE log (
     task text COLLATE "C", seq bigint, entry text NOT NULL, PRIMARY KEY (task, seq)
   );`,
  `CREATE TABLE changes (
     task text COLLATE "C", version bigint, change text NOT NULL, PRIMARY KEY (task, version)
   );
   CREATE TABLE leases (
     name text COLLATE "C" PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL
   );
   CREATE TABLE claims (key text COLLATE "C" PRIMARY KEY, until timestamptz NOT NULL);
   CREATE INDEX claims_until ON claims (until);`,
];

/** Number of the newest schema. */
export const SCHEMA_VERSION: number = STEPS.length;

/** What brings a schema of a version to the newest, in order. */
export function stepsFrom(version: number): readonly string[] {
  return STEPS.slice(version);
}

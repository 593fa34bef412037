/**
 * A Postgres database for tests: the one that `TRIBUTARY_TEST_POSTGRES` names, or a local one. Where
 * there is none the tests are skipped, but in CI they fail.
 *
 * @module
 */
import { Client } from "pg";

const url = Deno.env.get("TRIBUTARY_TEST_POSTGRES") ?? "postgres://postgres@127.0.0.1:5432/test";

/** Address of the database; undefined where there is none. */
export const DATABASE: string | undefined = await isThere() ? url : undefined;

async function isThere(): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    if (Deno.env.get("CI") === "true") throw error;
    return false;
  }
}

/** The name of a schema that is not there yet, and how to remove it. */
export function temporarySchema(url: string): { readonly schema: string; drop(): Promise<void> } {
  const schema = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  return {
    schema,
    async drop() {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    },
  };
}

/** A test with a schema of its own. */
export function withDatabase(
  sentence: string,
  body: (url: string, schema: string) => Promise<void>,
): void {
  Deno.test({
    name: sentence,
    ignore: DATABASE === undefined,
    async fn() {
      const { schema, drop } = temporarySchema(DATABASE!);
      try {
        await body(DATABASE!, schema);
      } finally {
        await drop();
      }
    },
  });
}

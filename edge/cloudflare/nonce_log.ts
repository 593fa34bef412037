/**
 * Which signed requests an object has taken, in its database. The platform holds back every answer
 * until what was written before it is durable, so that nothing has to be waited for here.
 *
 * @module
 */
import type { NonceLog } from "../../src/wire/nonce_log.ts";
import type { Database } from "./database.ts";

/**
 * The step of a schema that makes the tables. An object that was there before has taken requests which
 * it did not note: everything signed until now counts as taken.
 *
 * @param rows A table that has rows if the object was in use.
 */
export function nonceStep(rows: string): string {
  return `CREATE TABLE heard (until INTEGER NOT NULL) STRICT;
     INSERT INTO heard SELECT CASE WHEN EXISTS (SELECT 1 FROM ${rows}) THEN unixepoch() ELSE 0 END;
     CREATE TABLE seen (
       member TEXT NOT NULL, nonce TEXT NOT NULL, created INTEGER NOT NULL,
       PRIMARY KEY (member, nonce)
     ) STRICT, WITHOUT ROWID;`;
}

/** What the object noted. */
export function objectNonceLog({ sql }: Pick<Database, "sql">): NonceLog {
  return {
    untilS: Number(sql("SELECT until FROM heard")[0]?.until),
    seen: sql("SELECT member, nonce, created FROM seen").map((row) => ({
      member: String(row.member),
      nonce: String(row.nonce),
      createdS: Number(row.created),
    })),
    raise(untilS) {
      sql("UPDATE heard SET until = ?", untilS);
      sql("DELETE FROM seen WHERE created <= ?", untilS);
    },
    add({ member, nonce, createdS }) {
      sql("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", member, nonce, createdS);
    },
  };
}

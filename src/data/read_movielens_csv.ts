/**
 * MovieLens as CSV: `ratings.csv` and `movies.csv` of the editions from 2014 on.
 *
 * @module
 */
import type { Interactions } from "./interactions.ts";
import { eachRow, readCsv } from "./read_csv.ts";
import { addTitle } from "./titles.ts";
import type { SourceFile } from "./source_file.ts";

/**
 * Ratings of `ratings.csv` (userId, movieId, rating, timestamp in seconds), with the titles of
 * `movies.csv` (movieId, title) where that is given. Films that nobody rated are left out.
 *
 * @throws {TributaryError} `bad-data`, naming file, line, and what was expected.
 */
export function readMovieLensCsv(
  files: { ratings: SourceFile; movies?: SourceFile | undefined },
): Interactions {
  const titles = new Map<string, string>();
  const { ratings, movies } = files;
  if (movies !== undefined) {
    eachRow(movies, {
      columns: ["movieId", "title"],
      take: ([id = "", title = ""], line) =>
        addTitle(titles, { file: movies.name, line, id, title }),
    });
  }
  return readCsv(ratings, {
    columns: { user: "userId", item: "movieId", rating: "rating", time: "timestamp" },
    numericIds: true,
    titles,
  });
}

/**
 * Files stay short enough to read in one go.
 *
 * @module
 */
import type { Finding } from "./source_tree.ts";

/** No file may be longer. */
const MAX_LINES = 800;
/** At least {@link SHARE} of the shipped files are shorter than this. */
const USUAL_LINES = 350;
const SHARE = 0.9;

/** A file's length. */
export interface FileSize {
  /** Path from the project's folder. */
  readonly path: string;
  /** Lines, the last one counted whether or not it ends. */
  readonly lines: number;
  /** Whether it is a test or a tool: those count for the longest only. */
  readonly shipped: boolean;
}

/** Lines of a text. */
export function countLines(text: string): number {
  return text === "" ? 0 : text.trimEnd().split("\n").length;
}

/** Finds files that are too long, and a project with too many long ones; `summary` is one line of figures. */
export function checkFileSizes(
  sizes: readonly FileSize[],
): { findings: Finding[]; summary: string } {
  const findings: Finding[] = sizes.filter(({ lines }) => lines > MAX_LINES).map((
    { path, lines },
  ) => ({ file: path, message: `has ${lines} lines, and ${MAX_LINES} are the most` }));

  const lengths = sizes.filter(({ shipped }) => shipped).map(({ lines }) => lines)
    .sort((a, b) => a - b);
  const usual = lengths.filter((lines) => lines < USUAL_LINES).length;
  if (usual < SHARE * lengths.length) {
    findings.push({
      file: ".",
      message: `${usual} of ${lengths.length} files have fewer than ${USUAL_LINES} lines, and ` +
        `${SHARE * 100} % should`,
    });
  }
  const at = (share: number): number => lengths[Math.floor(share * (lengths.length - 1))] ?? 0;
  return {
    findings,
    summary: `${lengths.length} files, median ${at(0.5)}, p90 ${at(0.9)}, longest ${at(1)} lines`,
  };
}

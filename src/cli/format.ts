/**
 * Numbers as people read them.
 *
 * @module
 */

/** Bytes with a decimal unit and three digits, such as `1.29 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} bytes` : `${value.toPrecision(3)} ${units[unit]}`;
}

/** A rate in `[0, 1]` with three decimals and no leading zero, such as `.734`; `–` when it is not known. */
export function formatRate(rate: number): string {
  return Number.isFinite(rate) ? rate.toFixed(3).replace(/^0/, "") : "–";
}

/** Milliseconds as `850 ms`, `4.2 s` or `3 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${(seconds % 60).toString().padStart(2, "0")} s`;
}

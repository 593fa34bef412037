/**
 * Figures as people read them.
 *
 * @module
 */

/** Bytes in the largest unit of which there is at least one: `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let value = bytes;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 ? value : shorten(value)} ${units[at]}`;
}

/** A whole number with thin spaces between thousands. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Three digits that matter: `0.684`, `12.3`, `1.2e-5`. */
export function formatValue(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1);
  return shorten(value);
}

/** A figure without zeros that say nothing: `60 kB` for `60.0 kB`. */
export function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");
}

/** A time to go or gone by: `0:07`, `12:30`, `3 h 05 min`. */
export function formatSpan(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const pad = (part: number) => String(part).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  return `${Math.floor(s / 3600)} h ${pad(Math.floor(s % 3600 / 60))} min`;
}

/** So many of something: `1 client`, `40 clients`. */
export function formatOf(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** The beginning of a digest or key, which is enough to tell it from others. */
export function shortOf(text: string, letters = 10): string {
  return text.length <= letters ? text : `${text.slice(0, letters)}…`;
}

function shorten(value: number): string {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

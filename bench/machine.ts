/**
 * What figures were measured on: without it they mean nothing.
 *
 * @module
 */
import { arch, cpus, loadavg, type } from "node:os";

/** A Markdown list: processor and cores, how busy they are, versions. */
export function describeMachine(date: string): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  const [load = NaN] = loadavg();
  const { deno, v8 } = Deno.version;
  return [
    `- ${date}; busy processors in the minute before: ${load.toFixed(1)}`,
    `- ${model}, ${processors.length} cores, ${type()} ${arch()}`,
    `- Deno ${deno}, V8 ${v8}`,
  ].join("\n");
}

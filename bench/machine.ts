/**
 * What figures were measured on: without it they mean nothing.
 *
 * @module
 */
import { arch, cpus, type } from "node:os";

/** One line: processor, cores, system and versions. */
export function machineLine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  const { deno, v8 } = Deno.version;
  return `${model}, ${processors.length} cores, ${type()} ${arch()}; Deno ${deno}, V8 ${v8}`;
}

/**
 * The store in memory.
 *
 * @module
 */
export { memoryStore } from "./store.ts";

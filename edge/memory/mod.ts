/**
 * Stores in memory.
 *
 * @module
 */
export { memoryHelperStore } from "./helper_store.ts";
export { memoryStore } from "./store.ts";

import { testRoundStore } from "../store_conformance_test.ts";
import { memoryStore } from "./store.ts";

testRoundStore("memory store", () => Promise.resolve(memoryStore()));

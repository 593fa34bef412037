/**
 * What this project uses of the language and Node 20 lacks: `Promise.withResolvers`,
 * `Array.fromAsync` and `DisposableStack`. Importing this defines what is missing, and nothing else.
 *
 * @module
 */
import "core-js/actual/array/from-async.js";
import "core-js/actual/async-disposable-stack/index.js";
import "core-js/actual/disposable-stack/index.js";
import "core-js/actual/promise/with-resolvers.js";

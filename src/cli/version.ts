/**
 * The version of this package.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };

/** Version as published, such as `0.1.0`. */
export const VERSION: string = manifest.version;

/**
 * Markup that is made of text escaped by `hono/html`.
 *
 * @module
 */
import { type html, raw } from "hono/html";

/** Markup that needs no escaping any more. */
export type Markup = ReturnType<typeof html>;

/** Nothing to show. */
export const NOTHING: Markup = raw("");

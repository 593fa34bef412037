/**
 * The network, injected: the platform's `fetch`, or an application in the same process.
 *
 * @module
 */

/** How a request reaches the other side. */
export type Fetch = (request: Request) => Promise<Response>;

/** The platform's own `fetch`. */
export const systemFetch: Fetch = (request) => fetch(request);

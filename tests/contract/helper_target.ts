/**
 * A helper behind a front, with a task that it serves and a set of clients that may be asked about.
 *
 * @module
 */
import { askRequest, putTask, testCommittee, testGroup } from "../../edge/helper/_testing.ts";
import { utf8 } from "../../src/core/bytes.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Target } from "./signing_front.ts";

/** A helper that runs, and the clock that it goes by. */
export interface HelperTarget extends Target, AsyncDisposable {
  /** Its clock, which stands still. */
  readonly clock: Clock;
}

/** Starts a helper in this process. */
export async function helperTarget(): Promise<HelperTarget> {
  const rates = { perS: 1e6, burst: 1e6 };
  const committee = await testCommittee({ app: { limits: { memberRate: rates } } });
  await putTask(committee);
  const group = await testGroup(committee, { tree: [3] });
  const [helper] = committee.helpers;
  if (helper === undefined) throw new Error("no helper");
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => helper.app.fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    id: helper.identity.id,
    operator: committee.owner,
    clock: committee.clock,
    subject: () =>
      Promise.resolve({
        member: committee.owner,
        path: { tasks: committee.id },
        body: { ...committee.signed },
      }),
    async valid({ method, path }) {
      if (method === "PUT" && path === `/v1/tasks/${committee.id}`) {
        const headers = new Headers({ "content-type": "application/json" });
        return { headers, body: utf8(JSON.stringify(committee.signed)) };
      }
      if (method !== "POST") return undefined;
      const request = await askRequest(committee, group);
      const headers = new Headers(request.headers);
      return { headers, body: new Uint8Array(await request.arrayBuffer()) };
    },
    answered: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

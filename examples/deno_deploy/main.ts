/**
 * A region on Deno Deploy. It reads the secrets `IDENTITY` (a key, as `tributary region` makes one, in
 * base64: `base64 -w0 region.key`) and `PARENT` (the address of the task at its root), and keeps its
 * state in the Postgres database that is linked to the app, or else in Deno KV.
 *
 * Here: `deno serve --unstable-kv --unstable-cron --allow-net --allow-env main.ts`
 *
 * @module
 */
import { type DeployedRegion, deployRegion } from "@tributary/tributary/edge/deno";

const region: DeployedRegion = deployRegion();
export default region;

import assert from "node:assert/strict";
import { Hono } from "hono";
import { testRoot } from "../_testing.ts";
import { addressFromHeader, connectionAddress, networkOf } from "./sender_address.ts";

Deno.test("sender address: a network is an IPv4 address, or 64 bits of an IPv6 one however it is written", () => {
  const networks: Record<string, string> = {
    "192.0.2.7": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "2001:db8::1": "2001:db8:0:0::/64",
    "2001:DB8:0:0:ffff::2": "2001:db8:0:0::/64",
    "2001:0db8:0000:0000:1:2:3:4": "2001:db8:0:0::/64",
    "2001:db8:0:1::1": "2001:db8:0:1::/64",
    "::1": "0:0:0:0::/64",
    "fe80::1%eth0": "fe80:0:0:0::/64",
  };
  for (const [address, network] of Object.entries(networks)) {
    assert.equal(networkOf(address), network, address);
  }
});

Deno.test("sender address: a header counts where it is trusted, and of a list what the proxy added", async () => {
  const app = new Hono();
  const byHeader = addressFromHeader("x-forwarded-for");
  app.get("/", (c) => c.json([byHeader(c) ?? null, connectionAddress(c) ?? null]));
  const headers = { "x-forwarded-for": "10.0.0.1, 192.0.2.7" };
  const answer = await app.request("/", { headers }, { address: "198.51.100.1" });
  assert.deepEqual(await answer.json(), ["192.0.2.7", "198.51.100.1"]);
  assert.deepEqual(await (await app.request("/")).json(), [null, null]);
});

Deno.test("sender address: one address is held up, others are not, and nobody believes a sender's own word", async () => {
  await using root = await testRoot({
    limits: { addressRate: { perS: 1, burst: 2 } },
    addressOf: connectionAddress,
  });
  const ask = (address: string | undefined, said = "192.0.2.99") =>
    Promise.resolve(
      root.app.request("/v1/tasks", { headers: { "x-forwarded-for": said } }, { address }),
    );
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await ask("192.0.2.1", `192.0.2.${i}`)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  const refused = await ask("192.0.2.1");
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await refused.json()).code, "too-many-requests");
  assert.equal((await ask("192.0.2.2")).status, 200);
  // Whoever looks whether it is alive is not counted.
  const health = await root.app.request("/healthz", {}, { address: "192.0.2.1" });
  assert.equal(health.status, 200);
  root.clock.advance(1000);
  assert.equal((await ask("192.0.2.1")).status, 200);
  for (let i = 0; i < 5; i++) assert.equal((await ask(undefined)).status, 200);
});

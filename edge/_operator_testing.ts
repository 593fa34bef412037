/**
 * An operator of a test root, and members that come with tokens.
 *
 * @module
 */
import { generateIdentity, type Identity } from "../src/core/identity.ts";
import { systemRandom } from "../src/core/random.ts";
import { createOperatorPeer, type OperatorPeer } from "../src/wire/operator_peer.ts";
import type { Party } from "../src/wire/party.ts";
import { nodeDigest, type TestMember, testPeer, type TestRoot } from "./_testing.ts";

/** Speaks to a root as `identity`; as the root itself unless given. */
export function testOperator(root: TestRoot, identity: Identity = root.identity): OperatorPeer {
  return createOperatorPeer({
    url: "http://region.test",
    fetch: root.fetch,
    identity,
    clock: root.clock,
    random: systemRandom,
    digest: nodeDigest,
    retry: { attempts: 1, minMs: 0, maxMs: 0 },
  });
}

/** Someone who has not enrolled. */
export async function stranger(
  root: TestRoot,
): Promise<TestMember & { enrol(token?: string): Promise<unknown> }> {
  const identity = await generateIdentity();
  const peer = testPeer(root, identity);
  const region: Party = (await peer.task(root.id)).region;
  const enrol = (token?: string) =>
    peer.enrol(root.id, { kind: "client", size: 1, region, ...(token && { token }) });
  return { identity, peer, enrol };
}

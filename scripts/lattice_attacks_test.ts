import assert from "node:assert/strict";
import { latticeCost } from "./lattice_attacks.ts";
import { rlweTable } from "./rlwe_security.ts";

Deno.test("lattice attacks: Kyber-512 of round 3 takes blocks of 406, 2^118 in core-SVP", () => {
  const width = Math.sqrt(1.5);
  const { blockSize, primal, dual } = latticeCost({
    degree: 512,
    logModulus: Math.log2(3329),
    secretWidth: width,
    errorWidth: width,
  });
  // Its specification, table 4: both attacks.
  assert.ok(Math.abs(blockSize - 406) <= 3, `${blockSize}`);
  assert.ok(Math.abs(primal - 118) <= 1 && Math.abs(dual - 118) <= 1, `${primal} ${dual}`);
});

Deno.test("lattice attacks: the Homomorphic Encryption Standard's table for 128 bits is met within 4 bits", () => {
  // Ternary secrets, σ = 3.19: table 1 has these as the largest log q for 128 bits.
  for (const [degree, logModulus] of [[1024, 27], [2048, 54], [4096, 109]] as const) {
    const { standard } = latticeCost({
      degree,
      logModulus,
      secretWidth: Math.sqrt(2 / 3),
      errorWidth: 3.19,
    });
    assert.ok(Math.abs(standard - 129) <= 4, `${degree}: ${standard}`);
  }
});

Deno.test("lattice attacks: a wider modulus or a narrower error costs less to break, a larger ring more", () => {
  const base = { degree: 2048, logModulus: 54, secretWidth: 4.5, errorWidth: 6.4 };
  const { primal } = latticeCost(base);
  assert.ok(latticeCost({ ...base, logModulus: 60 }).primal < primal - 5);
  assert.ok(latticeCost({ ...base, secretWidth: 1, errorWidth: 1 }).primal < primal - 3);
  assert.ok(latticeCost({ ...base, degree: 4096 }).primal > 2 * primal);
});

Deno.test("docs: SECURITY.md has the table that scripts/rlwe_security.ts prints", async () => {
  const text = await Deno.readTextFile(new URL("../docs/SECURITY.md", import.meta.url));
  const squeezed = text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
  for (const line of rlweTable()) assert.ok(squeezed.includes(line), `expected ${line}`);
});

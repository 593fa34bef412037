import assert from "node:assert/strict";
import { sharedVectors } from "../../tests/shared_vectors.ts";
import { bisectFalling } from "./bisect.ts";
import { noiseFor } from "./calibrate.ts";
import { gaussianEpsilon, gaussianNoise } from "./gaussian.ts";
import { amplifiedByPoisson } from "./poisson_amplification.ts";
import { rdpEpsilon } from "./rdp.ts";
import { roundedNorms, skellamRdp } from "./skellam.ts";
import { type Charge, renyiEpsilon, spentEpsilon } from "./spend.ts";
import { subsampledGaussianRdp } from "./subsampled_gaussian.ts";

/** One run of the sampled Gaussian mechanism. */
interface Run {
  readonly noise_multiplier: number;
  readonly sampling_rate: number;
  readonly steps: number;
}

type Case =
  | { kind: "gaussian_sigma"; epsilon: number; delta: number; sigma: number }
  | { kind: "gaussian_epsilon"; sigma: number; delta: number; epsilon: number }
  | {
    kind: "rdp_to_dp";
    orders: number[];
    rdp: number[];
    delta: number;
    epsilon: number;
    optimal_order: number;
  }
  | { kind: "zcdp"; rho: number; delta: number; dp_accounting_rdp: { epsilon: number } }
  | Run & {
    kind: "epsilon";
    delta: number;
    rdp_orders: number[];
    rdp_exact: number[];
    opacus_rdp: { epsilon: number; optimal_order: number };
    dp_accounting_pld: { epsilon: number };
    opacus_prv_upper?: number;
    exact_gaussian_epsilon?: number;
  }
  | {
    kind: "epsilon_mixed";
    parts: Run[];
    delta: number;
    opacus_rdp: { epsilon: number };
    dp_accounting_pld: { epsilon: number };
  }
  | {
    kind: "calibrate";
    target_epsilon: number;
    delta: number;
    sampling_rate: number;
    steps: number;
    dp_accounting_pld: { noise_multiplier: number };
  }
  | {
    kind: "skellam_epsilon";
    scale: number;
    central_stddev: number;
    l2_clip: number;
    beta: number;
    dim: number;
    sampling_rate: number;
    steps: number;
    delta: number;
    rounded_l2_scaled: number;
    rounded_l1_scaled: number;
    rdp_orders: number[];
    rdp_one_step_unsampled: number[];
    epsilon: number;
    optimal_order: number;
  }
  | {
    kind: "skellam_local_stddev";
    epsilon: number;
    scale: number;
    l2_clip: number;
    num_clients: number;
    beta: number;
    dim: number;
    sampling_rate: number;
    steps: number;
    delta: number;
    local_stddev: number;
  };

const vectors = sharedVectors<{ cases: Case[]; opacus_default_orders: number[] }>(
  "dp_accounting.json",
);
const { ignore } = vectors;

/** Orders that the reference for Skellam noise looks at. */
const WHOLE_ORDERS = [...Array.from({ length: 127 }, (_, i) => i + 2), 256];

function of<K extends Case["kind"]>(kind: K): Extract<Case, { kind: K }>[] {
  const found = vectors.read().cases.filter((one): one is Extract<Case, { kind: K }> =>
    one.kind === kind
  );
  assert.ok(found.length > 0, kind);
  return found;
}

function near(found: number, expected: number, relative: number, what = ""): void {
  const error = Math.abs(found - expected) / Math.abs(expected);
  assert.ok(error <= relative, `${what}: found ${found}, expected ${expected}, off by ${error}`);
}

function charge({ noise_multiplier: noise, sampling_rate: rate, steps: rounds }: Run): Charge {
  return { mechanism: { kind: "gaussian", noise, rate }, rounds };
}

const nameOf = ({ noise_multiplier, sampling_rate, steps }: Run): string =>
  `noise ${noise_multiplier}, rate ${sampling_rate}, ${steps} rounds`;

Deno.test({
  name: "vectors: noise and ε of the analytic Gaussian mechanism",
  ignore,
  fn() {
    for (const one of of("gaussian_sigma")) {
      near(gaussianNoise(one.epsilon, one.delta), one.sigma, 1e-11);
    }
    for (const one of of("gaussian_epsilon")) {
      near(gaussianEpsilon(one.sigma, one.delta), one.epsilon, 1e-11);
    }
  },
});

Deno.test({
  name: "vectors: ε and order out of a Rényi curve",
  ignore,
  fn() {
    for (const { orders, rdp, delta, epsilon, optimal_order } of of("rdp_to_dp")) {
      const curve = (order: number): number => rdp[orders.indexOf(order)] ?? NaN;
      const bound = rdpEpsilon(curve, delta, orders);
      near(bound.epsilon, epsilon, 1e-12);
      assert.equal(bound.order, optimal_order);
    }
    for (const { rho, delta, dp_accounting_rdp } of of("zcdp")) {
      near(rdpEpsilon((order) => rho * order, delta).epsilon, dp_accounting_rdp.epsilon, 1e-12);
    }
  },
});

Deno.test({
  name: "vectors: Rényi divergence of the sampled Gaussian, at whole and other orders",
  ignore,
  fn() {
    const { opacus_default_orders: opacusOrders } = vectors.read();
    for (const one of of("epsilon")) {
      const curve = subsampledGaussianRdp({ noise: one.noise_multiplier, rate: one.sampling_rate });
      one.rdp_orders.forEach((order, i) =>
        near(
          one.steps * curve(order),
          one.rdp_exact[i] ?? NaN,
          1e-7,
          `${nameOf(one)}, order ${order}`,
        )
      );
      const bound = rdpEpsilon((order) => one.steps * curve(order), one.delta, opacusOrders);
      near(bound.epsilon, one.opacus_rdp.epsilon, 1e-9, nameOf(one));
      assert.equal(bound.order, one.opacus_rdp.optimal_order);
      // Our orders have those among them.
      near(renyiEpsilon([charge(one)], one.delta).epsilon, one.opacus_rdp.epsilon, 1e-6);
    }
  },
});

Deno.test({
  name: "vectors: ε by privacy loss distributions, over the grid of the reference",
  ignore,
  fn() {
    for (const one of of("epsilon")) {
      const epsilon = spentEpsilon([charge(one)], one.delta, { step: 1e-4 });
      near(epsilon, one.dp_accounting_pld.epsilon, 1e-6, nameOf(one));
      if (one.opacus_prv_upper !== undefined) {
        assert.ok(epsilon <= one.opacus_prv_upper, nameOf(one));
      }
      if (one.exact_gaussian_epsilon !== undefined) {
        near(epsilon, one.exact_gaussian_epsilon, 1e-11);
      }
    }
  },
});

Deno.test({
  name: "vectors: over a grid of its own choice, ε is never much above the reference",
  ignore,
  fn() {
    for (const one of of("epsilon")) {
      const epsilon = spentEpsilon([charge(one)], one.delta);
      assert.ok(epsilon <= one.dp_accounting_pld.epsilon * (1 + 1e-4), nameOf(one));
      // Where a round's losses are small, the reference's grid is the coarser one.
      assert.ok(epsilon >= one.dp_accounting_pld.epsilon * (1 - 0.01), nameOf(one));
    }
  },
});

Deno.test({
  name: "vectors: mechanisms of different noise and rate together",
  ignore,
  fn() {
    for (const { parts, delta, opacus_rdp, dp_accounting_pld } of of("epsilon_mixed")) {
      const charges = parts.map(charge);
      near(renyiEpsilon(charges, delta).epsilon, opacus_rdp.epsilon, 1e-9);
      near(spentEpsilon(charges, delta), dp_accounting_pld.epsilon, 1e-3);
      near(spentEpsilon(charges, delta, { step: 1e-4 }), dp_accounting_pld.epsilon, 1e-6);
    }
  },
});

Deno.test({
  name: "vectors: the noise that a budget asks for",
  ignore,
  fn() {
    for (const one of of("calibrate")) {
      const budget = {
        epsilon: one.target_epsilon,
        delta: one.delta,
        rate: one.sampling_rate,
        rounds: one.steps,
      };
      near(noiseFor(budget), one.dp_accounting_pld.noise_multiplier, 1e-3);
    }
  },
});

Deno.test({
  name: "vectors: Skellam noise, its norms after rounding, and its sampling",
  ignore,
  fn() {
    for (const one of of("skellam_epsilon")) {
      const { l1, l2 } = roundedNorms({
        clip: one.l2_clip * one.scale,
        dim: one.dim,
        beta: one.beta,
      });
      near(l2, one.rounded_l2_scaled, 1e-12);
      near(l1, one.rounded_l1_scaled, 1e-12);
      const stddev = one.central_stddev * one.scale;
      const curve = skellamRdp({ stddev, l1, l2 });
      one.rdp_orders.forEach((order, i) =>
        near(curve(order), one.rdp_one_step_unsampled[i] ?? NaN, 1e-12)
      );
      const sampled = amplifiedByPoisson(curve, one.sampling_rate);
      const bound = rdpEpsilon((order) => one.steps * sampled(order), one.delta, WHOLE_ORDERS);
      near(bound.epsilon, one.epsilon, 1e-12);
      assert.equal(bound.order, one.optimal_order);
      const mechanism = { kind: "skellam", stddev, l1, l2, rate: one.sampling_rate } as const;
      near(spentEpsilon([{ mechanism, rounds: one.steps }], one.delta), one.epsilon, 1e-12);
    }
  },
});

Deno.test({
  name: "vectors: the share of Skellam noise that a budget asks of each client",
  ignore,
  fn() {
    for (const one of of("skellam_local_stddev")) {
      const norms = roundedNorms({
        clip: one.l2_clip * one.scale,
        ...{ dim: one.dim, beta: one.beta },
      });
      const spent = (share: number): number => {
        const stddev = share * one.scale * Math.sqrt(one.num_clients);
        const mechanism = { kind: "skellam", stddev, ...norms, rate: one.sampling_rate } as const;
        return share === 0 ? Infinity : spentEpsilon([{ mechanism, rounds: one.steps }], one.delta);
      };
      const share = bisectFalling(spent, { bound: one.epsilon, start: 1, tolerance: 1e-9 });
      near(share, one.local_stddev, 1e-6);
    }
  },
});

"""What Flower's SecAgg+ computes over a vector, by its own functions; prints one line of JSON.

A client's part is `flwr.client.mod.secure_aggregation.secaggplus_mod._collect_masked_vectors`, the
server's `flwr.server.workflow.secure_aggregation.SecAggPlusWorkflow.unmask_stage`, both without their
messages."""

import json
import os
import sys
import time

import numpy as np
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
from flwr.common.secure_aggregation.crypto.symmetric_encryption import generate_shared_key
from flwr.common.secure_aggregation.ndarrays_arithmetic import (
    factor_combine,
    parameters_addition,
    parameters_mod,
    parameters_subtraction,
)
from flwr.common.secure_aggregation.quantization import quantize
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen
from flwr.supercore.primitives.asymmetric import generate_key_pairs, private_key_to_bytes

values, neighbours, clients, lost, threshold = map(int, sys.argv[1:])
MODULUS = 1 << 32
TARGET = 1 << 22
SHAPES = [(1,), (values,)]


def fastest(turns, call):
    best = float("inf")
    for _ in range(turns):
        began = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - began)
    return best


rng = np.random.default_rng(7)
update = [rng.uniform(-1, 1, values).astype(np.float32)]
quantised = factor_combine(TARGET, quantize(update, 8.0, TARGET))


def mask_all():
    """One mask generation and one addition a neighbour, and the modulus."""
    masked = quantised
    for at in range(neighbours):
        mask = pseudo_rand_gen(os.urandom(32), MODULUS, SHAPES)
        apply = parameters_addition if at % 2 else parameters_subtraction
        masked = apply(masked, mask)
    return parameters_mod(masked, MODULUS)


def unmask_all():
    """The masks of all who sent, and of every pair with one who did not, generated and taken away."""
    vector = [np.zeros(1, np.int64), np.zeros(values, np.int64)]
    for at in range(clients - lost + lost * neighbours):
        mask = pseudo_rand_gen(os.urandom(32), MODULUS, SHAPES)
        apply = parameters_addition if at % 2 else parameters_subtraction
        vector = apply(vector, mask)
    return parameters_mod(vector, MODULUS)


# Its server reconstructs from all shares that it got: those of the neighbours, and of oneself.
seed = os.urandom(32)
pairs = [generate_key_pairs() for _ in range(2)]
private = private_key_to_bytes(pairs[0][0])
seed_shares = create_shares(seed, threshold, neighbours + 1)
key_shares = create_shares(private, threshold, neighbours + 1)
assert combine_shares(seed_shares) == seed

print(
    "RESULT "
    + json.dumps(
        {
            "quantiseMs": 1000 * fastest(5, lambda: quantize(update, 8.0, TARGET)),
            "maskMs": 1000 * fastest(5, mask_all),
            "unmaskMs": 1000 * fastest(1, unmask_all),
            "reconstructSeedMs": 1000 * fastest(3, lambda: combine_shares(seed_shares)),
            "reconstructKeyMs": 1000 * fastest(3, lambda: combine_shares(key_shares)),
            "agreeMs": 1000 * fastest(20, lambda: generate_shared_key(pairs[0][0], pairs[1][1])),
        }
    )
)

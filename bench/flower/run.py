"""Flower's simulation of federated averaging; prints one line of JSON: seconds of each round, and
the last model's weights."""

import json
import sys
import time

import numpy as np
from flwr.app import ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation

from client import app as client_app
from client import world

rounds, cores = int(sys.argv[1]), int(sys.argv[2])
settings, _, _, bounds = world()
clients = len(bounds) - 1
server_app = ServerApp()
outcome = {}


class Timed(FedAvg):
    """Notes when each round was over."""

    def __init__(self):
        super().__init__(
            fraction_train=1.0,
            fraction_evaluate=0.0,
            min_train_nodes=clients,
            min_available_nodes=clients,
        )
        self.ends = []

    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        failed = [reply.error.reason for reply in replies if reply.has_error()]
        if failed or len(replies) != clients:
            raise RuntimeError(f"{len(replies)} of {clients} clients answered: {failed[:1]}")
        aggregated = super().aggregate_train(server_round, replies)
        self.ends.append(time.perf_counter())
        return aggregated


@server_app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = Timed()
    width = settings["width"]
    initial = ArrayRecord([np.zeros(width, np.float32), np.zeros((), np.float32)])
    result = strategy.start(grid=grid, initial_arrays=initial, num_rounds=rounds)
    weight, bias = result.arrays.to_numpy_ndarrays()
    outcome["weights"] = [*weight.tolist(), float(bias)]
    # The first round also starts the workers.
    outcome["seconds"] = np.diff(strategy.ends).tolist()


run_simulation(
    server_app=server_app,
    client_app=client_app,
    num_supernodes=clients,
    backend_config={
        "init_args": {"num_cpus": cores, "log_to_driver": False},
        "client_resources": {"num_cpus": 1, "num_gpus": 0},
    },
)
print("RESULT " + json.dumps(outcome))

"""One client of the Flower simulation: logistic regression by mini-batches, in NumPy."""

import json
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

app = ClientApp()


@lru_cache(maxsize=1)
def world():
    """What the other side wrote, read once a process."""
    folder = Path(os.environ["ADULT_WORLD"])
    settings = json.loads((folder / "settings.json").read_text())
    read = lambda name: np.fromfile(folder / name, "<f4")
    labels = read("labels.f32")
    # Rows in order of their clients; client c has those from bounds[c] to bounds[c + 1].
    features = read("features.f32").reshape(len(labels), settings["width"])
    return settings, features, labels, np.array(settings["bounds"])


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@app.train()
def train(message: Message, context: Context) -> Message:
    settings, features, labels, bounds = world()
    client = int(context.node_config["partition-id"])
    rows = slice(bounds[client], bounds[client + 1])
    x, y = features[rows], labels[rows]
    weight, bias = (array.copy() for array in message.content["arrays"].to_numpy_ndarrays())
    batch, rate = settings["batchSize"], np.float32(settings["lr"])
    rng = np.random.default_rng()
    for _ in range(settings["epochs"]):
        order = rng.permutation(len(y))
        for start in range(0, len(y), batch):
            chosen = order[start : start + batch]
            error = (sigmoid(x[chosen] @ weight + bias) - y[chosen]) / np.float32(len(chosen))
            weight -= rate * (error @ x[chosen])
            bias -= rate * error.sum()
    content = RecordDict(
        {
            "arrays": ArrayRecord([weight, bias]),
            "metrics": MetricRecord({"num-examples": len(y)}),
        }
    )
    return Message(content=content, reply_to=message)

"""Adam steps of a Transformer block in PyTorch at one thread; prints one line of JSON: seconds of
each timed step, and the loss before each of the first steps."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

folder = Path(sys.argv[1])
settings = json.loads((folder / "settings.json").read_text())
torch.set_num_threads(1)
shape, width = settings["shape"], settings["shape"][2]


def read(name, shape):
    return torch.from_numpy(np.fromfile(folder / name, "<f4").reshape(shape))


class Block(torch.nn.Module):
    """As users write it for speed: one projection to query, key and value, and the fused attention.
    `torch.nn.TransformerEncoderLayer` takes longer for a step."""

    def __init__(self, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.project, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.expand = torch.nn.Linear(width, 4 * width)
        self.contract = torch.nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, _ = x.shape
        split = self.project(self.norm1(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.contract(F.gelu(self.expand(self.norm2(x)), approximate="tanh"))


block = Block(settings["heads"])
given, at = {}, 0
values = np.fromfile(folder / "parameters.f32", "<f4")
for name, extents in settings["parameters"]:
    size = int(np.prod(extents))
    given[name] = torch.from_numpy(values[at : at + size].reshape(extents))
    at += size
# A linear layer's weights lie the other way round in PyTorch, and the three projections together.
projections = [f"attention.{name}" for name in ("query", "key", "value")]
block.load_state_dict(
    {
        "project.weight": torch.cat([given[f"{p}.weight"].T for p in projections]),
        "project.bias": torch.cat([given[f"{p}.bias"] for p in projections]),
        "out.weight": given["attention.out.weight"].T,
        "out.bias": given["attention.out.bias"],
        "expand.weight": given["feed.expand.weight"].T,
        "expand.bias": given["feed.expand.bias"],
        "contract.weight": given["feed.contract.weight"].T,
        "contract.bias": given["feed.contract.bias"],
        "norm1.weight": given["norm1.gain"],
        "norm1.bias": given["norm1.shift"],
        "norm2.weight": given["norm2.gain"],
        "norm2.bias": given["norm2.shift"],
    }
)
# The fused kernel is the fastest of the three that PyTorch has for a step on the CPU.
optimizer = torch.optim.Adam(block.parameters(), lr=settings["lr"], fused=True)
x, target = read("x.f32", shape), read("target.f32", shape)


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = F.mse_loss(block(x), target)
    loss.backward()
    optimizer.step()
    return loss


losses = [step().item() for _ in range(settings["losses"])]
for _ in range(settings["warmUp"]):
    step()
seconds = []
for _ in range(settings["steps"]):
    began = time.perf_counter()
    step()
    seconds.append(time.perf_counter() - began)
print("RESULT " + json.dumps({"seconds": seconds, "losses": losses}))

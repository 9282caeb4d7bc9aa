"""One training step of the decoder on given features: forward, loss, backward, clip at 1, Adam."""

import argparse

from serve import serve

import torch
from nets import Decoder, loss_parts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    torch.manual_seed(1)
    net = Decoder()
    sides = [args.size >> level for level in (2, 3, 4, 5)]
    features = [torch.randn(args.batch, dim, s, s) for dim, s in zip((96, 192, 384, 768), sides)]
    target = torch.rand(args.batch, 3, args.size, args.size)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, weight_decay=1e-5)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss, _, _ = loss_parts(net(features), target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss.item()}

    serve(step)


if __name__ == "__main__":
    main()

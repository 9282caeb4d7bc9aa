"""DINOv3 ConvNeXt-Tiny forward: --batch pictures of --size pixels."""

import argparse

from serve import serve

import torch
from nets import DinoConvNext


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    torch.manual_seed(1)
    net = DinoConvNext().eval()
    x = torch.randn(args.batch, 3, args.size, args.size)

    @torch.no_grad()
    def forward():
        net(x)

    serve(forward)


if __name__ == "__main__":
    main()

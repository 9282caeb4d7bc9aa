"""Full inference of one picture as the original does it: JPEG bytes in; score, boxes and an overlay JPEG out."""

import argparse
from pathlib import Path

from serve import THREADS, serve

import cv2
import numpy as np
import torch
from nets import Autoencoder
from original_app import boxes_of, levels_of, overlay_of, reconstruct, score_of


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--picture", type=Path, required=True)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    torch.manual_seed(1)
    cv2.setNumThreads(THREADS)
    net = Autoencoder().eval()
    jpeg = np.frombuffer(args.picture.read_bytes(), np.uint8)

    def infer():
        picture = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        small = cv2.resize(picture, (args.size, args.size), interpolation=cv2.INTER_AREA)
        x = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
        y = reconstruct(net, x)
        heat = (x - y).abs().mean(dim=1)[0].numpy()
        levels = levels_of(heat, picture.shape[1], picture.shape[0])
        overlay = cv2.cvtColor(overlay_of(picture, levels), cv2.COLOR_RGB2BGR)
        for left, top, width, height in boxes_of(levels):
            cv2.rectangle(overlay, (left, top), (left + width, top + height), (0, 0, 255), 2)
        return {"score": score_of(x, y), "overlayBytes": len(cv2.imencode(".jpg", overlay)[1])}

    serve(infer)


if __name__ == "__main__":
    main()

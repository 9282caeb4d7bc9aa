"""A whole training run as the original does it: --pictures FOLDER, the encoder in every step, validation every epoch, the
best weights kept, the threshold from the validation scores. Every run starts from the same fresh weights."""

import argparse
import copy
from pathlib import Path

from serve import THREADS, serve

import cv2
import numpy as np
import torch
from nets import Autoencoder, loss_parts
from original_app import read, reconstruct, score_of


def augment(x, random):
    """Mirror 0.5; brightness 0.1, contrast 0.1, saturation 0.05, hue 0.02; erase a rectangle 0.05. x: [3, S, S] in 0..1."""
    if random.random() < 0.5:
        x = x.flip(2)
    grey = lambda t: (t * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0, keepdim=True)
    x = (x * random.uniform(0.9, 1.1)).clamp(0, 1)
    x = torch.lerp(grey(x).mean(), x, random.uniform(0.9, 1.1)).clamp(0, 1)
    x = torch.lerp(grey(x), x, random.uniform(0.95, 1.05)).clamp(0, 1)
    hsv = cv2.cvtColor(x.permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_RGB2HSV)
    hsv[:, :, 0] = (hsv[:, :, 0] + 360 * random.uniform(-0.02, 0.02)) % 360
    x = torch.from_numpy(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)).permute(2, 0, 1)
    if random.random() < 0.05:
        side = x.shape[1]
        h, w = (int(side * random.uniform(0.14, 0.57)) for _ in range(2))
        top, left = random.integers(0, side - h), random.integers(0, side - w)
        x = x.clone()
        x[:, top : top + h, left : left + w] = 0
    return x.contiguous()


def run(files, args):
    random = np.random.default_rng(42)
    torch.manual_seed(42)
    net = Autoencoder()
    decoder = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    net.encoder.requires_grad_(False)
    optimizer = torch.optim.Adam(decoder, lr=1e-4, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    order = random.permutation(len(files))
    held = max(1, round(0.2 * len(files)))
    validation, training = [files[i] for i in order[:held]], [files[i] for i in order[held:]]
    load = lambda file: read(file, args.size)[1][0]
    best, best_weights = float("inf"), None
    for _ in range(args.epochs):
        net.train()
        shuffled = random.permutation(len(training))
        for start in range(0, len(training), args.batch):
            x = torch.stack([augment(load(training[i]), random) for i in shuffled[start : start + args.batch]])
            with torch.no_grad():
                features = net.encoder(x)
            loss, _, _ = loss_parts(net.decode(features), x)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(decoder, 1.0)
            optimizer.step()
        schedule.step()
        validation_loss = validate(net.eval(), validation, load, args.batch)
        if validation_loss < best:
            best, best_weights = validation_loss, copy.deepcopy(net.state_dict())
    net.load_state_dict(best_weights)
    scores = []
    for file in validation:
        x = load(file)[None]
        scores.append(score_of(x, reconstruct(net, x)))
    return {"bestLoss": best, "threshold": threshold_of(scores)}


@torch.no_grad()
def validate(net, files, load, batch):
    total = 0
    for start in range(0, len(files), batch):
        x = torch.stack([load(file) for file in files[start : start + batch]])
        total += loss_parts(net(x), x)[0].item() * len(x)
    return total / len(files)


def threshold_of(scores):
    median = np.median(scores)
    deviation = 1.4826 * np.median(np.abs(scores - median))
    return float(max(np.percentile(scores, 99 if len(scores) < 50 else 99.5), median + 3 * deviation))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    kinds = {".jpg", ".jpeg", ".png"}
    files = sorted(f for f in args.pictures.rglob("*") if f.suffix.lower() in kinds)[: args.count]
    if len(files) < 5:
        raise SystemExit(f"expected at least 5 pictures in {args.pictures}, found {len(files)}")
    cv2.setNumThreads(THREADS)
    serve(lambda: {"pictures": len(files), **run(files, args)})


if __name__ == "__main__":
    main()

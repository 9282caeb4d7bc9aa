"""One training step of yolov8n: forward, loss with its assignment, backward, clip at 10, AdamW, moving average."""

from serve import serve

import torch
from yolo import Yolo, loss_of

BATCH, SIZE, BOXES, CLASSES = 8, 320, 32, 3


def drawn_boxes(count):
    boxes = torch.zeros(BOXES, 4)
    for i in range(count):
        sides = torch.rand(2) * 0.4 + 0.1
        corner = torch.rand(2) * (1 - sides)
        boxes[i] = torch.cat([corner, corner + sides]) * SIZE
    return boxes


def main():
    torch.manual_seed(1)
    net = Yolo(CLASSES).train()
    weights = list(net.parameters())
    decayed = [w for w in weights if w.dim() > 1]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": [w for w in weights if w.dim() == 1]}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0, foreach=True)
    average = [w.detach().clone() for w in weights]
    pixels = torch.randint(0, 256, (BATCH, SIZE, SIZE, 3), dtype=torch.uint8)
    boxes = torch.stack([drawn_boxes(i + 1) for i in range(BATCH)])
    classes = torch.randint(0, CLASSES, (BATCH, BOXES))
    valid = (torch.arange(BOXES) <= torch.arange(BATCH)[:, None]).float()

    def step():
        optimizer.zero_grad(set_to_none=True)
        distances, scores = net(pixels)
        loss = loss_of(distances, scores, boxes, classes, valid, SIZE)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 10.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_mul_(average, 0.999)
            torch._foreach_add_(average, weights, alpha=0.001)
        return {"loss": loss.item()}

    serve(step)


if __name__ == "__main__":
    main()

"""A twin of src/vision/yolo in PyTorch: yolov8n under the same names of weights, its loss and its assignment."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

BINS = 16
STRIDES = (8, 16, 32)


class Block(nn.Module):
    def __init__(self, channels, out, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=1e-3, momentum=0.1)

    def forward(self, x):
        return F.silu(self.bn(self.conv(x)), inplace=True)


class Bottleneck(nn.Module):
    def __init__(self, channels, shortcut):
        super().__init__()
        self.cv1, self.cv2 = Block(channels, channels, 3), Block(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class Stage(nn.Module):
    def __init__(self, channels, out, count, shortcut):
        super().__init__()
        self.cv1, self.cv2 = Block(channels, out, 1), Block((2 + count) * out // 2, out, 1)
        self.m = nn.ModuleList(Bottleneck(out // 2, shortcut) for _ in range(count))

    def forward(self, x):
        parts = list(self.cv1(x).chunk(2, 1))
        for block in self.m:
            parts.append(block(parts[-1]))
        return self.cv2(torch.cat(parts, 1))


class PyramidPooling(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.cv1, self.cv2 = Block(channels, channels // 2, 1), Block(2 * channels, channels, 1)

    def forward(self, x):
        maps = [self.cv1(x)]
        for _ in range(3):
            maps.append(F.max_pool2d(maps[-1], 5, 1, 2))
        return self.cv2(torch.cat(maps, 1))


class Head(nn.Module):
    def __init__(self, widths, classes):
        super().__init__()
        boxes, scores = max(16, widths[0] // 4, 4 * BINS), max(widths[0], min(classes, 100))

        def branches(width, out):
            return nn.ModuleList(
                nn.Sequential(Block(c, width, 3), Block(width, width, 3), nn.Conv2d(width, out, 1)) for c in widths
            )

        self.cv2, self.cv3 = branches(boxes, 4 * BINS), branches(scores, classes)
        for stride, box, score in zip(STRIDES, self.cv2, self.cv3):
            nn.init.constant_(box[2].bias, 1)
            nn.init.constant_(score[2].bias, math.log(5 / classes / (640 / stride) ** 2))

    def forward(self, maps):
        def per_anchor(branches):
            return torch.cat([b(m).flatten(2) for b, m in zip(branches, maps)], 2).transpose(1, 2)

        return per_anchor(self.cv2), per_anchor(self.cv3)


class Yolo(nn.Module):
    """pixels [N, S, S, 3] uint8 -> distances [N, A, 64], scores [N, A, classes], both logits."""

    def __init__(self, classes):
        super().__init__()
        a, b, c, d = 32, 64, 128, 256
        layers = {
            0: Block(3, 16, 3, 2), 1: Block(16, a, 3, 2), 2: Stage(a, a, 1, True),
            3: Block(a, b, 3, 2), 4: Stage(b, b, 2, True), 5: Block(b, c, 3, 2), 6: Stage(c, c, 2, True),
            7: Block(c, d, 3, 2), 8: Stage(d, d, 1, True), 9: PyramidPooling(d),
            12: Stage(d + c, c, 1, False), 15: Stage(c + b, b, 1, False), 16: Block(b, b, 3, 2),
            18: Stage(b + c, c, 1, False), 19: Block(c, c, 3, 2), 21: Stage(c + d, d, 1, False),
            22: Head((b, c, d), classes),
        }  # fmt: skip
        self.model = nn.ModuleDict({str(i): layer for i, layer in layers.items()})

    def forward(self, pixels):
        m = self.model
        x = pixels.permute(0, 3, 1, 2).float() / 255
        fine = m["4"](m["3"](m["2"](m["1"](m["0"](x)))))
        middle = m["6"](m["5"](fine))
        deep = m["9"](m["8"](m["7"](middle)))
        down = m["12"](torch.cat([F.interpolate(deep, scale_factor=2), middle], 1))
        at8 = m["15"](torch.cat([F.interpolate(down, scale_factor=2), fine], 1))
        at16 = m["18"](torch.cat([m["16"](at8), down], 1))
        at32 = m["21"](torch.cat([m["19"](at16), deep], 1))
        return m["22"]([at8, at16, at32])


def anchors_of(size):
    """Centres [A, 2] in pixels and strides [A, 1]."""
    centres, strides = [], []
    for stride in STRIDES:
        at = (torch.arange(size // stride) + 0.5) * stride
        y, x = torch.meshgrid(at, at, indexing="ij")
        centres.append(torch.stack([x, y], 2).reshape(-1, 2))
        strides.append(torch.full((at.numel() ** 2, 1), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def expected_distances(logits):
    chances = logits.unflatten(-1, (4, BINS)).softmax(-1)
    return chances @ torch.arange(BINS, dtype=torch.float32)


def boxes_around(centres, distances, strides):
    first, last = distances.split(2, -1)
    return torch.cat([centres - first * strides, centres + last * strides], -1)


def assign(predicted, scores, boxes, classes, valid, centres):
    """Anchors [N, M, K] and targets [N, M, K] of the task-aligned assigner; no gradient."""
    n, most = valid.shape
    count = predicted.shape[1]
    a, b = predicted[:, None], boxes[:, :, None]
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).relu()
    both = sides.prod(-1)
    overlaps = both / ((a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - both + 1e-7)
    chosen = scores.sigmoid().sqrt().transpose(1, 2).gather(1, classes[..., None].expand(-1, -1, count))
    inside = ((centres > b[..., :2]) & (centres < b[..., 2:])).all(-1)
    aligned = chosen * valid[..., None] * inside * overlaps**6
    best, anchors = aligned.topk(min(10, count), 2)
    near = overlaps.gather(2, anchors)

    real = best > 0
    flat, own = anchors.flatten(1), torch.where(real, near, -torch.ones(())).flatten(1)
    widest = torch.zeros(n, count).scatter_reduce(1, flat, own, "amax")
    wins = real.flatten(1) & (own == widest.gather(1, flat))
    box = torch.arange(most).repeat_interleave(anchors.shape[2]).expand(n, -1)
    first = torch.full((n, count), most).scatter_reduce(1, flat, torch.where(wins, box, most), "amin")
    kept = (wins & (box == first.gather(1, flat))).view_as(best).float()
    best, near = best * kept, near * kept
    return anchors, best / best.amax(2, True).clamp(min=1e-30) * near.amax(2, True)


def complete_iou(a, b, eps=1e-7):
    """[R, 4] and [R, 4] -> [R]"""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.unbind(1), b.unbind(1)
    both = (torch.minimum(ax2, bx2) - torch.maximum(ax1, bx1)).relu()
    both = both * (torch.minimum(ay2, by2) - torch.maximum(ay1, by1)).relu()
    iou = both / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - both + eps)
    around = (torch.maximum(ax2, bx2) - torch.minimum(ax1, bx1)) ** 2
    around = around + (torch.maximum(ay2, by2) - torch.minimum(ay1, by1)) ** 2
    apart = ((ax1 + ax2 - bx1 - bx2) ** 2 + (ay1 + ay2 - by1 - by2) ** 2) / 4
    turn = torch.atan((bx2 - bx1) / (by2 - by1 + eps)) - torch.atan((ax2 - ax1) / (ay2 - ay1 + eps))
    v = 4 / math.pi**2 * turn**2
    with torch.no_grad():
        alpha = v / (1 - iou + v + eps)
    return iou - apart / (around + eps) - alpha * v


def loss_of(distances, scores, boxes, classes, valid, size, gains=(7.5, 0.5, 1.5)):
    n, _, names = scores.shape
    centres, strides = anchors_of(size)
    with torch.no_grad():
        predicted = boxes_around(centres, expected_distances(distances), strides)
        anchors, targets = assign(predicted, scores, boxes, classes, valid, centres)
    places, targets = anchors.flatten(1), targets.flatten()
    total = targets.sum().clamp(min=1)
    rows = torch.arange(n)[:, None]
    per_box = anchors.shape[2]
    logits = distances[rows, places].flatten(0, 1)
    centre, stride = centres[places].flatten(0, 1), strides[places].flatten(0, 1)
    truth = boxes.repeat_interleave(per_box, 1).flatten(0, 1)
    found = boxes_around(centre, expected_distances(logits), stride)
    box = ((1 - complete_iou(found, truth)) * targets).sum() / total

    away = (torch.cat([centre - truth[:, :2], truth[:, 2:] - centre], 1) / stride).clamp(0, BINS - 1)
    tent = (1 - (torch.arange(BINS) - away[..., None]).abs()).relu()
    dfl = -(logits.unflatten(1, (4, BINS)).log_softmax(-1) * tent).sum((1, 2)) / 4
    dfl = (dfl * targets).sum() / total

    hits = scores[rows, places, classes.repeat_interleave(per_box, 1)].flatten()
    cls = (F.softplus(scores).sum() - (hits * targets).sum()) / total
    return (gains[0] * box + gains[1] * cls + gains[2] * dfl) * n

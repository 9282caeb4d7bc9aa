"""yolov8n forward: one picture of 640 px to the boxes and scores of all anchors."""

from serve import serve

import torch
from yolo import Yolo, anchors_of, boxes_around, expected_distances

SIZE = 640


def main():
    torch.manual_seed(1)
    net = Yolo(80).eval()
    pixels = torch.randint(0, 256, (1, SIZE, SIZE, 3), dtype=torch.uint8)
    centres, strides = anchors_of(SIZE)

    @torch.no_grad()
    def forward():
        distances, scores = net(pixels)
        boxes_around(centres, expected_distances(distances), strides)
        scores.sigmoid()

    serve(forward)


if __name__ == "__main__":
    main()

// What validation runs: the boxes and scores of every anchor, of any batch, with the weights of the moment.
import { type Graph, sigmoid, trace, type Value } from '../../autodiff/index.ts';
import { anchorsOf, decodedBoxes } from './anchors.ts';
import type { Head } from './head.ts';
import { pixelInput, type YoloNetwork } from './network.ts';

/**
 * pixels uint8 [N, S, S, 3] and the weights and running statistics of `network.parameters` by name ->
 * boxes [N, A, 4] (x1, y1, x2, y2 in pixels of the sample) and scores [N, A, classes] in 0..1. `graph.inputs` has the names;
 * frozen weights are part of the graph.
 */
export function candidateGraph(network: YoloNetwork, size: number, batch: number): Graph {
  return trace(network.parameters, {
    inputs: { pixels: pixelInput(batch, size) },
    mode: 'validate',
    build: (s, { pixels }) => candidatesOf(network.head(s, pixels), size),
  });
}

/** boxes [N, A, 4] in pixels and scores [N, A, classes] in 0..1 of a head. */
export function candidatesOf(head: Head, size: number): { readonly boxes: Value; readonly scores: Value } {
  return { boxes: decodedBoxes(head.distances, anchorsOf(size)), scores: sigmoid(head.scores) };
}

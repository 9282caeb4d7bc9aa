// The smallest training there is: a net of one hidden layer learns a sine.
import * as okapi from '../src/autodiff/index.ts';
import { cpuRuntime } from './cpu-runtime.ts';

// A model is a function from a Scope, which hands out weights by name, and a Value.
const net = (s: okapi.Scope, x: okapi.Value) =>
  okapi.layers.linear(s.at('out'), okapi.tanh(okapi.layers.linear(s.at('hidden'), x, { out: 32 })), {
    out: 1,
  });

const parameters = new okapi.Parameters(1); // the seed of the initial weights
const n = 64;
const step = await okapi.TrainStep.compile({
  runtime: cpuRuntime,
  parameters,
  inputs: { x: { shape: [n, 1] }, y: { shape: [n, 1] } },
  build: (s, { x, y }) => ({ loss: okapi.mean(okapi.square(okapi.sub(net(s, x), y))) }),
  optimizer: okapi.adam(),
});

const x = Float32Array.from({ length: n }, (_, i) => (6 * i) / n - 3);
const column = (data: Float32Array) => ({ type: 'float32', dims: [n, 1], data });
const feeds = { x: column(x), y: column(x.map(Math.sin)) };
for (let i = 0; i <= 500; i++) {
  const { loss } = await step.run(feeds, { lr: 0.02 });
  if (i % 100 === 0) console.log(`step ${i}  loss ${loss.toFixed(5)}`);
}

step.writeTo(parameters); // the trained weights
const model = okapi.trace(parameters, {
  inputs: { x: { shape: [1, 1] } },
  build: (s, { x }) => ({ y: net(s, x) }),
});
const session = await cpuRuntime.load(okapi.toOnnx(model)); // a plain ONNX file, for any ONNX runtime
const { y } = await session.run({ x: { type: 'float32', dims: [1, 1], data: Float32Array.of(1) } });
console.log(`sin(1) is about ${Number(y!.data[0]).toFixed(3)}`);

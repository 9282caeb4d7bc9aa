// The import directions of docs/architecture.md: autodiff < vision < server < cli, and one owner for each outside world.
const tests = '\\.(test|contract)\\.ts$|/testing/';
const owner = (name, library, owners) => ({
  name: `one-owner-${name}`,
  severity: 'error',
  comment: `${library} is imported only by ${owners}`,
  from: { path: '^src/', pathNot: `${owners}|${tests}` },
  to: { path: `node_modules/${library}(/|$)` },
});

// Inside vision, left to right; a folder may import itself and what stands before it.
const vision = [
  'errors',
  'image',
  'dataset',
  'runtime',
  'checkpoint',
  'encoders',
  'scoring',
  'hygiene',
  'training',
  'render',
  'yolo',
  'detectors',
  'evaluation',
];
// Inside server, the same. A contract may name codes of vision; nothing else of the server is seen from ui/.
const server = [
  'contract',
  'platform',
  'projects',
  'datasets',
  'labels',
  'models',
  'yolo',
  'training',
  'inference',
  'hygiene',
  'evaluation',
  'import',
  'fsck',
  'system',
  'services',
  'http',
  'app',
];
const serverOrder = server.slice(0, -1).map((folder, i) => ({
  name: `server-${folder}-imports-only-left`,
  severity: 'error',
  from: { path: `^src/server/${folder}(/|\\.ts)`, pathNot: tests },
  to: { path: `^src/server/(${server.slice(i + 1).join('|')})(/|\\.ts)` },
}));
const visionOrder = vision.slice(0, -1).map((folder, i) => ({
  name: `vision-${folder}-imports-only-left`,
  severity: 'error',
  from: { path: `^src/vision/${folder}(/|\\.ts)`, pathNot: tests },
  to: { path: `^src/vision/(${vision.slice(i + 1).join('|')})(/|\\.ts)` },
}));

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'autodiff-stands-alone',
      severity: 'error',
      from: { path: '^src/autodiff/', pathNot: tests },
      to: { pathNot: '^src/autodiff/' },
    },
    {
      name: 'vision-imports-only-autodiff',
      severity: 'error',
      from: { path: '^src/vision/' },
      to: { path: '^src/(cli|server|runner)/' },
    },
    {
      name: 'server-imports-no-cli',
      severity: 'error',
      from: { path: '^src/server/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'runner-imports-only-vision',
      severity: 'error',
      comment: 'it runs in browsers; src/runner/imports.test.ts follows what it imports to the end',
      from: { path: '^src/runner/', pathNot: tests },
      to: { pathNot: '^src/(runner|vision|autodiff)/' },
    },
    ...visionOrder,
    ...serverOrder,
    owner('fastify', '(fastify|@fastify)', '^src/server/(http/|app\\.ts)'),
    owner('pino', 'pino', '^src/server/platform/'),
    owner('prom-client', 'prom-client', '^src/server/platform/'),
    owner('onnxruntime', 'onnxruntime-(node|common)', '^src/vision/runtime/'),
    owner('sharp', 'sharp', '^src/vision/image/'),
    owner('yauzl', 'yauzl', '^src/vision/(checkpoint|dataset/detection)/'),
    owner('commander', '(commander|cli-progress)', '^src/cli/'),
    { name: 'not-to-tests', severity: 'error', from: { pathNot: tests }, to: { path: tests } },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};

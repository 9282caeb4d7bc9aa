// Uploaded weights: what fits is stored anew, everything else is refused with its code and leaves nothing behind.
import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeterministicTensor, deterministicValues } from '../../autodiff/testing/deterministic.ts';
import { safetensorsPieces } from '../../vision/checkpoint/safetensors.ts';
import { storedZip } from '../../vision/checkpoint/stored-zip.ts';
import { bytesOf, type NamedTensor, type Tensors } from '../../vision/checkpoint/tensors.ts';
import {
  dict,
  global,
  pickle,
  program,
  storage,
  tensor,
  torchZip,
  tuple,
  uint64,
} from '../../vision/checkpoint/testing/pickle-program.ts';
import { torchPieces } from '../../vision/checkpoint/torch-writer.ts';
import { readSavedNetwork } from '../../vision/detectors/autoencoder/saved-network.ts';
import type { StagedFile } from '../datasets/image-record.ts';
import { docKeys } from '../platform/layout.ts';
import type { ProjectRecord } from '../projects/project.ts';
import { type TestAudit, type TestContext, testActor, testContext } from '../testing/context.ts';
import { type BaseModelChecks, openBaseModelChecks } from './base-model-checks.ts';
import { getModel } from './get-model.ts';
import { importBaseModel } from './import-base-model.ts';
import { listModels } from './list-models.ts';
import { modelInfo, thresholdOf } from './model-info.ts';
import { openDownload } from './open-download.ts';

let tensors: Tensors;
let checks: BaseModelChecks;
let uploads: string;
beforeAll(async () => {
  const file = new URL('../../vision/detectors/fixtures/original-legacy.json', import.meta.url);
  const { parameters } = JSON.parse(await readFile(file, 'utf8')) as { parameters: DeterministicTensor[] };
  tensors = new Map(
    parameters.map((p) => [p.name, { dtype: 'float32', shape: p.shape, data: deterministicValues(p) }]),
  );
  checks = openBaseModelChecks();
  uploads = await mkdtemp(join(tmpdir(), 'okapi-'));
});
afterAll(async () => {
  await checks.close();
  await rm(uploads, { recursive: true });
});

let test: TestContext;
beforeEach(async () => {
  test = await testContext();
  for (const training_mode of ['finetune', 'yolo'] as const) {
    const record: ProjectRecord = {
      project_id: training_mode,
      name: training_mode,
      description: null,
      created_at: '2026-01-01T00:00:00.000Z',
      training_mode,
      last_model_id: null,
    };
    await test.context.docs.put(docKeys.project(training_mode), record);
  }
});
afterEach(() => test.close());

let count = 0;
async function upload(
  bytes: Uint8Array | readonly Uint8Array[],
  displayName = 'weights.pt',
): Promise<StagedFile> {
  const path = join(uploads, `${++count}.upload`);
  const whole = bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes);
  await writeFile(path, whole);
  return { displayName, path, sizeBytes: whole.length };
}
const take = (file: StagedFile, project = 'finetune') =>
  importBaseModel({ context: test.context, checks }, project, file, testActor);
const changed = (name: string, row: NamedTensor) => new Map(tensors).set(name, row);
const floats = (shape: number[], value: number): NamedTensor => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
});
const stored = () => test.context.blobs.list('projects');

describe('a base model', () => {
  it.each([
    ['a.safetensors', () => safetensorsPieces(tensors)],
    ['b.pt', () => torchPieces(tensors)],
    ['said to be.safetensors', () => torchPieces(tensors)],
    ['no extension', () => safetensorsPieces(tensors)],
  ])('is taken over from %s, as a model folder of ours', async (name, pieces) => {
    const { model_id, filename } = await take(await upload(pieces(), name));
    expect({ model_id, filename }).toEqual({ model_id: 'import-20260102-030405', filename: name });
    const record = await getModel(test.context, model_id);
    expect(record).toMatchObject({
      imported: true,
      encoder: 'none',
      training_mode: 'finetune',
      thresholds: [],
    });
    expect(record.note).toContain(name);
    expect(await stored()).toEqual(
      ['config.yaml', 'manifest.json', 'model.safetensors'].map(
        (file) => `projects/finetune/imports/${model_id}/${file}`,
      ),
    );
    const path = await test.context.blobs.localPath(`projects/finetune/imports/${model_id}/config.yaml`);
    const { network } = await readSavedNetwork(join(path, '..'));
    for (const { name, shape, data } of network.parameters.all()) {
      const written = { dtype: 'float32', shape, data } as const;
      expect(Buffer.compare(bytesOf(written), bytesOf(tensors.get(name)!)), name).toBe(0);
    }
    expect((await listModels(test.context, { project_id: 'finetune' }))[0]).toEqual(modelInfo(record));
    const download = await openDownload(test.context, model_id);
    expect(download.filename).toBe(`${model_id}.safetensors`);
    download.stream.destroy();
    expect(() => thresholdOf(record)).toThrow(expect.objectContaining({ code: 'model.base_only' }));
    expect((test.context.audit as TestAudit).entries).toMatchObject([{ action: 'model.import' }]);
  });

  it('that comes twice, in whatever format and at the same time, is one model', async () => {
    const files = await Promise.all([upload(torchPieces(tensors)), upload(safetensorsPieces(tensors))]);
    const both = await Promise.all(files.map((file) => take(file)));
    const again = await take(files[0]!);
    expect(new Set([...both, again].map(({ model_id }) => model_id)).size).toBe(1);
    const other = changed('out.bias', floats([3], 0.5));
    expect((await take(await upload(torchPieces(other)))).model_id).toBe('import-20260102-030405-2');
  });

  it('has names without the prefix of a wrapper, and says so', async () => {
    const wrapped: Tensors = new Map([...tensors].map(([name, row]) => [`module.${name}`, row]));
    const { model_id } = await take(await upload(torchPieces(wrapped)));
    expect((await getModel(test.context, model_id)).note).toContain('removed "module." from all names');
  });

  it('is refused for projects that are not there or detect objects', async () => {
    const file = await upload(torchPieces(tensors));
    await expect(take(file, 'nowhere')).rejects.toMatchObject({ code: 'project.not_found' });
    await expect(take(file, 'yolo')).rejects.toMatchObject({ code: 'project.wrong_mode' });
  });
});

describe('a file that is no base model', () => {
  const system = program(global('os', 'system'), tuple(program('X\x02\x00\x00\x00id')), 'R');
  const header = (json: string) => Buffer.concat([uint64(BigInt(json.length)), Buffer.from(json)]);
  const cut = (share: number) => {
    const bytes = Buffer.concat(torchPieces(tensors));
    return bytes.subarray(0, Math.floor(bytes.length * share));
  };
  it.each<readonly [string, string, () => Uint8Array | readonly Uint8Array[]]>([
    ['D1 calls os.system', 'checkpoint.unsupported_global', () => torchZip(pickle(system))],
    ['D1 calls it without a ZIP', 'checkpoint.unsupported_global', () => pickle(system)],
    ['D2 has no end', 'checkpoint.malformed', () => torchZip(program('\x80\x02}'))],
    [
      'D3 says 2^63 bytes',
      'checkpoint.malformed',
      () => torchZip(pickle(program('\x8e', uint64(2n ** 63n)))),
    ],
    [
      'D4 has an absurd shape',
      'checkpoint.bad_tensor',
      () => torchZip(pickle(dict({ x: tensor({ size: [2 ** 31 - 1, 2 ** 31 - 1] }) }))),
    ],
    [
      'D5 points past its storage',
      'checkpoint.bad_tensor',
      () => torchZip(pickle(dict({ x: tensor({ offset: 3 }) }))),
    ],
    ['D7 is cut in the middle', 'checkpoint.malformed', () => cut(0.5)],
    ['D7 is cut at its end', 'checkpoint.malformed', () => cut(0.999)],
    ['D7 lacks a storage', 'checkpoint.malformed', () => torchZip(pickle(dict({ x: tensor() })), [])],
    [
      'D8 is a TorchScript program',
      'checkpoint.unsupported_format',
      () =>
        Buffer.concat(
          storedZip([
            { name: 'a/constants.pkl', bytes: pickle('N') },
            { name: 'a/data.pkl', bytes: pickle('}') },
          ]),
        ),
    ],
    ['D8 is a GGUF', 'checkpoint.unsupported_format', () => Buffer.from('GGUF and more of it')],
    [
      'D9 is a Git LFS pointer',
      'checkpoint.unsupported_format',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
    ],
    ['D9 is a page', 'checkpoint.unsupported_format', () => Buffer.from('<!doctype html><title>404</title>')],
    ['D9 is empty', 'checkpoint.unsupported_format', () => new Uint8Array()],
    [
      'D10 is a whole object',
      'checkpoint.unsupported_global',
      () => torchZip(pickle(global('ultralytics.nn.tasks', 'DetectionModel'), ')', '\x81')),
    ],
    [
      'D13 misses a key',
      'checkpoint.key_mismatch',
      () => torchPieces(new Map([...tensors].filter(([name]) => name !== 'out.bias'))),
    ],
    ['D13 has one too many', 'checkpoint.key_mismatch', () => torchPieces(changed('more', floats([1], 1)))],
    [
      'D13 is another network',
      'checkpoint.key_mismatch',
      () => torchZip(pickle(dict({ x: tensor() })), [storage('0', [1, 2, 3, 4])]),
    ],
    [
      'D14 has another shape',
      'checkpoint.key_mismatch',
      () => torchPieces(changed('out.bias', floats([4], 1))),
    ],
    [
      'D15 has a NaN',
      'checkpoint.not_finite',
      () => torchPieces(changed('out.bias', floats([3], Number.NaN))),
    ],
    [
      'D16 explodes',
      'checkpoint.smoke_failed',
      () => torchPieces(changed('down1.net.0.weight', floats([32, 3, 3, 3], 3e38))),
    ],
    [
      'D17 is named after what every object has',
      'checkpoint.key_mismatch',
      () =>
        safetensorsPieces(
          new Map(['__proto__.x', 'constructor', 'toString', ''].map((name) => [name, floats([1], 1)])),
        ),
    ],
    [
      'D18 has a header past its end',
      'checkpoint.malformed',
      () => Buffer.concat([uint64(2n ** 40n), Buffer.from('{}')]),
    ],
    [
      'D18 has an unknown dtype',
      'checkpoint.bad_tensor',
      () => header('{"x":{"dtype":"F8","shape":[0],"data_offsets":[0,0]}}'),
    ],
    ['D19 has no tensors', 'checkpoint.malformed', () => header('{}')],
  ])('%s: %s', async (_, code, bytes) => {
    const file = await upload(await bytes(), 'my weights.pt');
    const error = (await take(file).catch((e) => e)) as Error & { code: string };
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(uploads);
    expect(error.message).not.toContain('.upload');
    await expectNothingLeft();
  });

  it('is over the limit by one byte: refused before it is read', async () => {
    const path = join(uploads, 'large');
    await (await open(path, 'w')).close();
    await truncate(path, 2 ** 30 + 1); // A hole in the file system: it takes no room.
    const file = { displayName: 'large.pt', path, sizeBytes: 2 ** 30 + 1 };
    await expect(take(file)).rejects.toMatchObject({ code: 'checkpoint.too_large' });
    await expectNothingLeft();
  });

  it('needs more memory or time than there is', async () => {
    const file = await upload(torchPieces(tensors), 'w.pt');
    for (const caps of [
      { memoryBytes: 2 ** 20, timeoutMs: 60_000 },
      { memoryBytes: 2 ** 32, timeoutMs: 1 },
    ]) {
      const strict = openBaseModelChecks(caps);
      const taking = importBaseModel({ context: test.context, checks: strict }, 'finetune', file, testActor);
      await expect(taking).rejects.toMatchObject({
        code: 'checkpoint.too_large',
        message: expect.stringMatching(/^w.pt: it (needed|took)/),
      });
      await strict.close();
      await expectNothingLeft();
    }
  });

  async function expectNothingLeft(): Promise<void> {
    expect(await stored()).toEqual([]);
    expect(await listModels(test.context)).toEqual([]);
    expect(await readdir(join(test.context.config.tmp_dir, 'jobs')).catch(() => [])).toEqual([]);
    expect((test.context.audit as TestAudit).entries).toEqual([]);
  }
});

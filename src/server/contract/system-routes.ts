// The rows about the machine, the encoders and the API keys.
import type { Route } from './route.ts';
import { ApiKeyList, CreatedKey, DeviceList, EncoderList, NewApiKey, SystemInfo } from './system.ts';
import { Ok } from './values.ts';

const encoders = {
  items: [
    {
      name: 'dinov3-convnext-tiny',
      about: 'DINOv3 ConvNeXt-Tiny; the best features, the weights are a separate download from Meta',
      available: false,
      is_default: false,
      files: ['dinov3_convnext_tiny_pretrain_lvd1689m-21b726bb.pth'],
    },
    {
      name: 'mobilenetv3-coco',
      about: 'MobileNetV3 trained on COCO; small and quick, comes with this package',
      available: true,
      is_default: true,
      files: [],
    },
  ],
} as const;

const key = {
  name: 'line-3',
  scope: 'write',
  state: 'valid',
  created_at: '2026-11-23T10:15:00.000Z',
  expires_at: null,
  revoked_at: null,
} as const;

export const systemRoutes = {
  getSystem: {
    method: 'GET',
    path: '/system',
    summary: 'The version, the machine, and how full its disk is',
    tag: 'server',
    scope: 'read',
    answer: {
      kind: 'json',
      schema: SystemInfo,
      example: {
        version: '0.1.0',
        onnxruntime: '1.30.0',
        node: '20.20.0',
        platform: 'linux x64',
        threads: 8,
        memory_bytes: 17_179_869_184,
        free_memory_bytes: 9_126_805_504,
        disk: { total_bytes: 512_110_190_592, free_bytes: 210_453_397_504 },
        uptime_seconds: 4210,
        training_device: 'auto',
        inference_device: 'cpu',
        keys_in_force: false,
      },
    },
    errors: [],
  },
  listDevices: {
    method: 'GET',
    path: '/system/devices',
    summary: 'What can compute here: each device is tried once, which takes seconds the first time',
    tag: 'server',
    scope: 'read',
    answer: {
      kind: 'json',
      schema: DeviceList,
      example: {
        items: [
          { name: 'webgpu', works: false, why: 'there is no adapter', milliseconds: null },
          { name: 'cpu', works: true, why: null, milliseconds: null },
        ],
      },
    },
    errors: [],
  },
  listEncoders: {
    method: 'GET',
    path: '/system/encoders',
    summary: 'The pretrained encoders, and which one new models are trained with',
    tag: 'server',
    scope: 'read',
    answer: { kind: 'json', schema: EncoderList, example: encoders },
    errors: [],
  },
  putEncoder: {
    method: 'POST',
    path: '/system/encoders/dinov3/upload',
    summary: 'Give the server the DINOv3 weights; new models are then trained with them',
    tag: 'server',
    scope: 'admin',
    multipart: 'file',
    answer: { kind: 'json', schema: EncoderList, example: encoders },
    errors: [
      'multipart.malformed',
      'multipart.too_many_parts',
      'multipart.unexpected_field',
      'request.too_large',
      'checkpoint.unsupported_format',
      'checkpoint.unsupported_global',
      'checkpoint.malformed',
      'checkpoint.bad_tensor',
      'checkpoint.key_mismatch',
      'checkpoint.not_finite',
      'checkpoint.too_large',
    ],
    limit: 'upload',
  },
  listKeys: {
    method: 'GET',
    path: '/keys',
    summary: 'All API keys, but for the keys themselves',
    tag: 'keys',
    scope: 'admin',
    answer: { kind: 'json', schema: ApiKeyList, example: { items: [key] } },
    errors: [],
  },
  createKey: {
    method: 'POST',
    path: '/keys',
    summary: 'Make an API key; it is shown only now. The first one must have the scope admin',
    tag: 'keys',
    scope: 'admin',
    body: NewApiKey,
    bodyExample: { name: 'line-3', scope: 'write' },
    answer: {
      kind: 'json',
      schema: CreatedKey,
      example: { ...key, key: 'okapi_7q0n0Zx4B3v9Y1tVYw5mS2kq8Jc6rLd0hE4uGfPaXbA' },
    },
    errors: ['key.exists', 'request.invalid'],
  },
  revokeKey: {
    method: 'DELETE',
    path: '/keys/{key_name}',
    summary: 'From now on the key is refused',
    tag: 'keys',
    scope: 'admin',
    answer: { kind: 'json', schema: Ok, example: { ok: true } },
    errors: ['key.not_found', 'request.invalid'],
    limit: 'delete',
  },
} as const satisfies Record<string, Route>;

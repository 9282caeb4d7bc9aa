// A model as people tell it from others: how it learned, at what size, and when.
import type { ModelInfo } from '../server/client.ts';
import { useFormat } from './format.ts';
import { defineWords, useWords } from './language.tsx';

const words = defineWords({
  en: {
    size: (n: string) => `${n} px`,
    methods: {
      auto: 'Automatic',
      'memory-bank': 'Memory bank',
      subspace: 'Subspace',
      autoencoder: 'Autoencoder',
      yolo: 'Object detector',
    } as Readonly<Record<string, string>>,
  },
  th: {
    size: (n: string) => `${n} px`,
    methods: {
      auto: 'อัตโนมัติ',
      'memory-bank': 'คลังความจำ (memory bank)',
      subspace: 'ปริภูมิย่อย (subspace)',
      autoencoder: 'ออโตเอนโคเดอร์ (autoencoder)',
      yolo: 'ตัวตรวจจับวัตถุ',
    } as Readonly<Record<string, string>>,
  },
});

/** The name of a method or detector; one that is not known is called as the server calls it. */
export function useMethodName(): (detector: string) => string {
  const { methods } = useWords(words);
  return (detector) => (Object.hasOwn(methods, detector) ? methods[detector]! : detector);
}

export function useModelName(): (model: Pick<ModelInfo, 'detector' | 'created_at' | 'img_size'>) => string {
  const { size } = useWords(words);
  const methodName = useMethodName();
  const format = useFormat();
  return ({ detector, created_at, img_size }) =>
    `${methodName(detector)} · ${size(format.count(img_size))} · ${format.moment(created_at)}`;
}

// The stages of work that is no training by epochs.
export const workStages = [
  'reading',
  'encoding',
  'choosing patches',
  'autoencoder',
  'calibrating',
  'writing',
] as const;
export type WorkStage = (typeof workStages)[number];

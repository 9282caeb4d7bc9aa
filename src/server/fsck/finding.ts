// What fsck can find: what each means for the user and what to do about it.
interface Row {
  /** A note is no damage: it goes away by itself, or costs only room. */
  readonly severity: 'damage' | 'note';
  readonly means: string;
  readonly advice: string;
}

export const findingTable = {
  'record.damaged': {
    severity: 'damage',
    means: 'the record is not valid JSON; what it describes cannot be used',
    advice: 'restore the file from a backup, or mend it by hand; a label is mended by saving it anew',
  },
  'record.malformed': {
    severity: 'damage',
    means: 'the record is valid JSON, but not what belongs there',
    advice: 'restore the file from a backup, or mend it by hand',
  },
  'journal.damaged': {
    severity: 'damage',
    means: 'a line inside the journal is damaged; nothing is added to it or read beyond it',
    advice: 'restore the file from a backup, or move it away to begin a new one',
  },
  'journal.orphan': {
    severity: 'note',
    means: 'events of a job that has no record',
    advice: 'restore the record of the job from a backup, or delete the journal',
  },
  'project.no_record': {
    severity: 'damage',
    means: 'the folder of a project has no meta.json, so that the project is not listed',
    advice: 'restore meta.json from a backup, or move the folder away',
  },
  'project.unswept': {
    severity: 'note',
    means: 'the project was deleted and some of its files are still there',
    advice: 'nothing: the next start of the server removes them',
  },
  'project.last_model': {
    severity: 'note',
    means: 'the project names a last model that is not there, as after a deletion that was cut short',
    advice: 'nothing, unless the model is missed: the next training sets it right',
  },
  'image.missing': {
    severity: 'damage',
    means: 'the image is listed but its file is not there',
    advice: 'restore the file from a backup, or delete the image and upload it again',
  },
  'image.damaged': {
    severity: 'damage',
    means: 'the file of the image is not the one that was uploaded',
    advice: 'restore the file from a backup, or delete the image and upload it again',
  },
  'image.record': {
    severity: 'damage',
    means: 'the entry of the image contradicts itself',
    advice: 'restore _index.json from a backup, or delete the image and upload it again',
  },
  'mask.missing': {
    severity: 'damage',
    means: 'the image names a mask whose file is not there; evaluations of the project fail',
    advice: 'restore the file from a backup, or put the mask again',
  },
  'mask.damaged': {
    severity: 'damage',
    means: 'the file of the mask is not the one that was put',
    advice: 'restore the file from a backup, or put the mask again',
  },
  'evaluation.missing': {
    severity: 'damage',
    means: 'the pictures and curves of an evaluation are not there; its figures are',
    advice: 'restore the file from a backup, or evaluate the model again',
  },
  'label.orphan': {
    severity: 'note',
    means: 'the label belongs to an image that is not listed',
    advice: 'delete the file when the image is not missed',
  },
  'label.class': {
    severity: 'damage',
    means: 'a box has a class that is not in the list of classes',
    advice: 'add the class to the list',
  },
  'model.missing': {
    severity: 'damage',
    means: 'a file of the model is not there; the model is refused',
    advice: 'restore the file from a backup, or delete the model and train it again',
  },
  'model.damaged': {
    severity: 'damage',
    means: 'a file of the model is not the one that was stored; the model is refused',
    advice: 'restore the file from a backup, or delete the model and train it again',
  },
  'model.orphan': {
    severity: 'damage',
    means: 'the model belongs to a project that is not there',
    advice: 'restore the project from a backup, or delete the model',
  },
  'dataset.missing': {
    severity: 'damage',
    means: 'a file of the dataset is not there',
    advice: 'restore the file from a backup, or upload the dataset again',
  },
  'dataset.damaged': {
    severity: 'damage',
    means: 'a file of the dataset is not the one that was stored',
    advice: 'restore the file from a backup, or upload the dataset again',
  },
  'dataset.orphan': {
    severity: 'damage',
    means: 'the dataset belongs to a project that is not there',
    advice: 'restore the project from a backup, or delete the record and its files',
  },
  'job.inconsistent': {
    severity: 'damage',
    means: 'the record of the job contradicts itself or others',
    advice: 'restore the record from a backup, or delete it and start the job again',
  },
  'blob.unreferenced': {
    severity: 'note',
    means: 'no record names the file; an upload or a training that was cut short may have left it',
    advice: 'okapi fsck --remove-unreferenced deletes such files',
  },
  'file.unfinished': {
    severity: 'note',
    means: 'a writer that was cut short has left it',
    advice: 'nothing: the next start of the server removes it',
  },
} as const satisfies Record<string, Row>;

export type FindingKind = keyof typeof findingTable;

export interface Finding {
  readonly kind: FindingKind;
  /** Key of the record or file. */
  readonly subject: string;
  /** What exactly is wrong; empty when the kind says it all. */
  readonly detail: string;
}

export function isDamage({ kind }: Finding): boolean {
  return findingTable[kind].severity === 'damage';
}

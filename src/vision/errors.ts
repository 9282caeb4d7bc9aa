// Every error a user can meet in the vision layer: one code each, so that the CLI and the server answer alike.

/** What each code means, in one line; the thrown message says what was expected and what came. */
export const errorTable = {
  'image.empty': 'the file has no bytes',
  'image.unsupported_type': 'the file is not a picture of an accepted type',
  'image.animated': 'the picture has more than one frame',
  'image.truncated': 'the picture ends too early',
  'image.corrupt': 'the picture cannot be decoded',
  'image.too_many_pixels': 'the picture has more pixels than the limit',
  'image.too_large': 'the file has more bytes than the limit',
  'image.too_small': 'the picture is smaller than the minimum',
  'dataset.not_found': 'the folder does not exist or holds no pictures',
  'dataset.layout': 'the folder is not laid out as expected',
  'dataset.too_few_images': 'there are not enough good pictures to train',
  'dataset.changed': 'a picture changed while it was trained on',
  'dataset.labels': 'a label file does not hold boxes as expected',
  'dataset.names': 'the names of the classes cannot be read',
  'dataset.class_gap': 'classes without a name are left out between others',
  'dataset.pictures': 'pictures of the dataset cannot be read',
  'dataset.too_large': 'the dataset is larger than a limit',
  'zip.not_a_zip': 'the file is not a ZIP archive',
  'zip.truncated': 'the ZIP archive ends too early',
  'zip.malformed': 'the ZIP archive cannot be read',
  'zip.inconsistent': 'two parts of the ZIP archive contradict each other',
  'zip.unsafe_path': 'a name in the ZIP archive leads out of it',
  'zip.link_not_allowed': 'the ZIP archive holds something else than files and folders',
  'zip.duplicate_entry': 'two entries of the ZIP archive have one name',
  'zip.encrypted': 'the ZIP archive is encrypted',
  'zip.unsupported_compression': 'the ZIP archive is compressed in another way than deflate',
  'zip.overlap': 'entries of the ZIP archive share bytes',
  'zip.size_mismatch': 'an entry of the ZIP archive has not the size that it claims',
  'zip.crc_mismatch': 'an entry of the ZIP archive is damaged',
  'zip.too_large': 'the ZIP archive is larger than a limit',
  'option.invalid': 'a setting is outside its range',
  'encoder.unknown': 'no encoder has this name',
  'encoder.missing_weights': 'the weights of the encoder are not there',
  'device.unknown': 'no device has this name',
  'train.degenerate': 'the pictures do not differ enough to learn from',
  'train.diverged': 'the loss is no longer a finite number',
  'train.canceled': 'the training was canceled',
  'train.crashed': 'the training process ended without a result',
  'checkpoint.not_found': 'there is no model in this folder',
  'checkpoint.unsupported_format': 'the file is not a checkpoint of a known format',
  'checkpoint.unsupported_global': 'the checkpoint names a Python object that is not allowed',
  'checkpoint.malformed': 'the checkpoint cannot be read',
  'checkpoint.bad_tensor': 'a tensor of the checkpoint is inconsistent',
  'checkpoint.key_mismatch': 'the tensors of the checkpoint are not those of the network',
  'checkpoint.not_finite': 'a weight of the checkpoint is not a finite number',
  'checkpoint.smoke_failed': 'the weights give no usable result for a plain picture',
  'checkpoint.too_large': 'the checkpoint is larger than the limit',
  'checkpoint.corrupt': 'the stored model does not reproduce its golden score',
  'checkpoint.incompatible': 'the resume state belongs to another training',
  'disk.full': 'the disk is full',
  'disk.io_error': 'the disk reported an error',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof errorTable;

/** An error to show to a user. `message` says what was expected and what came. */
export class OkapiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OkapiError';
    this.code = code;
  }
}

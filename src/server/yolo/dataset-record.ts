// The datasets of a detection project as they are stored: one document, immutable versions, one of them current.
import type { DetectionHealth } from '../../vision/dataset/detection/health.ts';

/** A version: what it is made of is in its manifest, and its files never change. */
export interface DatasetVersion {
  /** v- and 32 hex digits. */
  readonly version: string;
  readonly created_at: string;
  readonly created_by: string;
  /** `name`: how the user called the archive. */
  readonly source: { readonly kind: 'zip'; readonly name: string } | { readonly kind: 'labels' };
  readonly classes: readonly string[];
  readonly health: DetectionHealth;
  /** What was done beyond plain reading, in sentences. */
  readonly notes: readonly string[];
  readonly manifest: StoredFile;
  /** Over the manifest, and so over all pictures, boxes and names: the same for the same dataset. */
  readonly sha256: string;
}

export interface StoredFile {
  readonly bytes: number;
  /** BLAKE2b-16, 32 hex digits. */
  readonly hash: string;
}

/** The document at docKeys.yolo(project). */
export interface DatasetDoc {
  readonly current: string | null;
  readonly versions: { readonly [version: string]: DatasetVersion };
  /** Versions whose files are on the way, with the time at which that began. */
  readonly building: { readonly [version: string]: string };
  /** Versions that are not current any more, with the time since when: they wait for the sweep. */
  readonly retired: { readonly [version: string]: string };
}

export const emptyDoc: DatasetDoc = { current: null, versions: {}, building: {}, retired: {} };

export const manifestName = 'manifest.json';
export const yamlName = 'data.yaml';

/** The file manifest.json of a version. Names of files are below the version's folder. */
export interface DatasetManifest {
  readonly classes: readonly string[];
  readonly yaml: StoredFile;
  readonly pictures: readonly ManifestPicture[];
}

export interface ManifestPicture {
  readonly split: 'train' | 'val';
  /** Such as train/images/0f…e2.png. */
  readonly file: string;
  readonly picture: StoredFile;
  /** Its label file, in the same place below labels. */
  readonly labelFile: string;
  readonly label: StoredFile;
  /** How the user called it: text, never a path. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [class, x1, y1, x2, y2], corners as shares 0..1 of the picture as it is seen. */
  readonly boxes: readonly (readonly [number, number, number, number, number])[];
}

const fileName =
  /^(train|val)\/(images\/[0-9a-f]{32}(-\d{1,6})?\.(jpg|png|webp|bmp|tiff)|labels\/[0-9a-f]{32}(-\d{1,6})?\.txt)$/;

/** Whether a version may have a file of this name. */
export function isVersionFile(name: string): boolean {
  return name === manifestName || name === yamlName || fileName.test(name);
}

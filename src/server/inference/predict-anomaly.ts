// One picture through one anomaly detector, with a model that gives no sound score told from a picture that cannot be read.
import {
  type AnomalyDetector,
  type AnomalyPrediction,
  OkapiError,
  type Picture,
} from '../../vision/index.ts';
import { ServerError } from '../contract/errors.ts';

/** Throws model.corrupt when there is no finite score, and image.* for a picture that the model cannot cut into its tiles. */
export async function predictAnomaly(
  detector: AnomalyDetector,
  picture: Picture,
): Promise<AnomalyPrediction> {
  try {
    const [prediction] = await detector.predict([picture]);
    if (Number.isFinite(prediction!.score)) return prediction!;
  } catch (error) {
    if (!(error instanceof OkapiError) || error.code.startsWith('image.')) throw error;
  }
  throw new ServerError('model.corrupt', 'the model gives a picture no finite score');
}

// An anomaly detector over one session: pictures one after the other, so that none depends on what stands beside it.
import type { RuntimeSession } from '../../autodiff/runtime.ts';
import type { Picture } from '../image/picture.ts';
import type { AnomalyDetector, AnomalyModel, AnomalyPrediction } from './detector.ts';

/** Closes the session in the end. */
export function sessionDetector(
  session: RuntimeSession,
  model: AnomalyModel,
  predict: (picture: Picture) => Promise<AnomalyPrediction>,
): AnomalyDetector {
  return {
    task: 'anomaly',
    model,
    async predict(pictures) {
      const predictions: AnomalyPrediction[] = [];
      for (const picture of pictures) predictions.push(await predict(picture));
      return predictions;
    },
    close: () => session.close(),
  };
}

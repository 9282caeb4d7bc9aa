import { describe, expect, it } from 'vitest';
import { type CalibrationScores, calibrateThreshold } from './threshold.ts';
import { readCalibration, readThreshold, writeThreshold } from './threshold-file.ts';

const calibration: CalibrationScores = {
  scores: [0.1, 0.4, 0.2, 0.3],
  peaks: [1, 2, 3, 4],
  names: ['a.png', 'b.png', 'c.png', 'd.png'],
  source: 'cross-fitted',
  targetFalseAlarmRate: 0.25,
};
const threshold = calibrateThreshold(calibration);
const origin = { scoreType: 'reconstruction', bestValidationLoss: 0.02, calibration };
const text = writeThreshold(threshold, origin);
const withChanges = (changes: object) => JSON.stringify({ ...JSON.parse(text), ...changes });

describe('threshold.json', () => {
  it('holds the keys of the original and ours', () => {
    expect(JSON.parse(text)).toEqual({
      threshold_score: 0.4,
      threshold_mse: 0.4,
      score_type: 'reconstruction',
      val_size: 4,
      val_err_mean: 0.25,
      val_err_p99: expect.closeTo(0.397, 6),
      val_err_p995: expect.closeTo(0.3985, 6),
      val_err_median: 0.25,
      val_err_mad: expect.closeTo(0.1, 6),
      best_val_loss: 0.02,
      note: threshold.trust,
      threshold_pixel: 4,
      method: 'conformal',
      score_source: 'cross-fitted',
      target_false_alarm_rate: 0.25,
      false_alarm_low: expect.closeTo(threshold.falseAlarmInterval!.low, 12),
      false_alarm_high: expect.closeTo(threshold.falseAlarmInterval!.high, 12),
      uncertain_low: threshold.uncertain!.low,
      uncertain_high: threshold.uncertain!.high,
      calibration_scores: [0.1, 0.4, 0.2, 0.3],
      calibration_peaks: [1, 2, 3, 4],
      calibration_pictures: ['a.png', 'b.png', 'c.png', 'd.png'],
    });
  });

  it('reads files from before there was an interval', () => {
    const { falseAlarmInterval, uncertain, ...older } = threshold;
    const none = { false_alarm_low: null, false_alarm_high: null, uncertain_low: null, uncertain_high: null };
    // The band is found again from the scores, where they are kept.
    expect(readThreshold(withChanges(none))).toEqual({ ...older, uncertain });
    expect(readThreshold(withChanges({ ...none, calibration_scores: null }))).toEqual(older);
    expect(readThreshold(text)).toEqual({ ...older, falseAlarmInterval, uncertain });
  });

  it('gives back the scores that it rests on, from which another threshold can be found', () => {
    const { scores, peaks, source, names } = calibration;
    expect(readCalibration(text)).toEqual({ scores, peaks, source, names });
    expect(readCalibration(withChanges({ calibration_pictures: undefined }))).toEqual({
      scores,
      peaks,
      source,
    });
    expect(calibrateThreshold({ ...readCalibration(text)!, targetFalseAlarmRate: 0.5 }).value).toBe(0.3);
    expect(readCalibration('{"threshold_mse": 0.5}')).toBeNull();
  });

  it.each([
    [{ calibration_scores: [1, 'x', 3, 4] }, 'calibration_scores to be finite numbers'],
    [{ calibration_peaks: [1] }, 'calibration_peaks to be 4 numbers, got [1]'],
    [{ calibration_pictures: ['a.png'] }, 'calibration_pictures to be 4 texts, got ["a.png"]'],
    [{ calibration_pictures: [1, 2, 3, 4] }, 'calibration_pictures to be texts'],
  ])('refuses scores that are not as they were written: %j', (changes, message) => {
    expect(() => readCalibration(withChanges(changes))).toThrow(message);
  });

  it('reads back what was written', () => {
    expect(readThreshold(text)).toEqual(threshold);
  });

  it('reads a file of the original, which has no method and no pixel threshold', () => {
    const original = '{"threshold_score": 0.031, "threshold_mse": 0.031, "val_size": 9, "note": "x"}';
    expect(readThreshold(original)).toEqual({
      value: 0.031,
      pixelValue: null,
      method: 'imported',
      source: 'held-out',
      sampleCount: 9,
      targetFalseAlarmRate: null,
      trust: 'taken over with an imported model; it rests on 9 validation pictures',
      statistics: null,
    });
    expect(readThreshold('{"threshold_mse": 0.5}').value).toBe(0.5);
  });

  it('names the key that is not finite', () => {
    expect(() => readThreshold('{"threshold_score": NaN, "val_size": 1}')).toThrow(
      'threshold.json: threshold_score is NaN, expected a number',
    );
    expect(() => readThreshold('{"threshold_score": 1e999}')).toThrow('threshold_score is Infinity');
  });

  it.each([
    ['{', 'not valid JSON'],
    ['[1]', 'expected an object'],
    ['{}', 'expected threshold_score to be a number, got nothing'],
    ['{"threshold_score": "0.1"}', 'expected threshold_score to be a number, got "0.1"'],
    [withChanges({ method: 'guess' }), 'expected method to be one of quantile-and-spread'],
    [withChanges({ threshold_pixel: null }), 'expected threshold_pixel to be a number, got null'],
    [withChanges({ score_source: 7 }), 'expected score_source to be one of held-out, cross-fitted, got 7'],
    [withChanges({ note: null }), 'expected note to be a text, got null'],
  ])('refuses %s', (broken, message) => {
    expect(() => readThreshold(broken)).toThrow(message);
  });

  it('never writes a threshold that is not finite', () => {
    expect(() => writeThreshold({ ...threshold, value: Number.NaN }, origin)).toThrow(
      'internal: threshold_score',
    );
    const broken = { ...origin, calibration: { ...calibration, scores: [0, Number.POSITIVE_INFINITY] } };
    expect(() => writeThreshold(threshold, broken)).toThrow('internal: calibration_scores');
  });
});

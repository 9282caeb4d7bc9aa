// The program of the training process: see train-in-child.
import { serveTraining } from '../training/child-training.ts';
import { trainDetector } from './train-detector.ts';

serveTraining(trainDetector);

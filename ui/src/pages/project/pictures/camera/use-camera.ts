// A camera of this device: which there are, what one sees, and why it cannot be used.
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

export type CameraProblem = 'denied' | 'missing' | 'insecure' | 'busy';

export interface CameraState {
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly cameras: readonly { readonly id: string; readonly name: string }[];
  readonly cameraId: string | null;
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly problem: CameraProblem | null;
  choose(cameraId: string): void;
  retry(): void;
  /** What it sees now, at its full size and never mirrored; null before it sees anything. */
  take(): Promise<Blob | null>;
}

/** As much as the camera has. */
const wanted = { width: { ideal: 4096 }, height: { ideal: 4096 } };
/** JPEG, nearly without loss. */
const quality = 0.95;

const problems: Readonly<Record<string, CameraProblem>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
};

export function useCamera(): CameraState {
  const video = useRef<HTMLVideoElement>(null);
  const [cameras, setCameras] = useState<CameraState['cameras']>([]);
  const [cameraId, setCameraId] = useState<string | null>(null);
  const [size, setSize] = useState<CameraState['size']>(null);
  const [problem, setProblem] = useState<CameraProblem | null>(null);
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try opens it anew
  useEffect(() => {
    if (navigator.mediaDevices === undefined) return setProblem('insecure');
    let stream: MediaStream | undefined;
    let isCurrent = true;
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    const open = async () => {
      const which = cameraId === null ? {} : { deviceId: { exact: cameraId } };
      stream = await navigator.mediaDevices.getUserMedia({ video: { ...wanted, ...which } });
      if (!isCurrent) return stop();
      setProblem(null);
      video.current!.srcObject = stream;
      await video.current!.play();
      // Their names are told only to those who may use one.
      const devices = await navigator.mediaDevices.enumerateDevices();
      setCameras(
        devices
          .filter(({ kind }) => kind === 'videoinput')
          .map(({ deviceId, label }) => ({ id: deviceId, name: label })),
      );
    };
    open().catch((error: unknown) => {
      if (isCurrent) setProblem(problems[error instanceof DOMException ? error.name : ''] ?? 'busy');
    });
    return () => {
      isCurrent = false;
      stop();
    };
  }, [cameraId, tries]);

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.videoWidth, height: element.videoHeight });
    element.addEventListener('loadedmetadata', measure);
    element.addEventListener('resize', measure);
    return () => {
      element.removeEventListener('loadedmetadata', measure);
      element.removeEventListener('resize', measure);
    };
  }, []);

  const take = useCallback(async () => {
    const element = video.current;
    if (element === null || element.videoWidth === 0) return null;
    const canvas = document.createElement('canvas');
    canvas.width = element.videoWidth;
    canvas.height = element.videoHeight;
    canvas.getContext('2d')!.drawImage(element, 0, 0);
    return new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
  }, []);

  return {
    video,
    cameras,
    cameraId,
    size,
    problem,
    choose: setCameraId,
    retry: () => setTries((n) => n + 1),
    take,
  };
}

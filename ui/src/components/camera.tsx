// The camera of this computer or tablet: asked for, shown, changed, and a picture taken of what it sees.
import { type RefCallback, useCallback, useEffect, useRef, useState } from 'react';
import { defineWords, useWords } from '../text/language.tsx';
import { Notice } from './notice.tsx';
import './verdict.css';

export type CameraState =
  | { readonly kind: 'off' | 'asking' | 'on' }
  | { readonly kind: 'failed'; readonly why: 'insecure' | 'refused' | 'missing' | 'lost' | 'other' };

export interface Camera {
  readonly state: CameraState;
  /** Of cameras there are; known by name once one was allowed. */
  readonly devices: readonly { readonly id: string; readonly name: string }[];
  /** The one in use. */
  readonly deviceId: string;
  /** For the <video> that shows it. */
  readonly video: RefCallback<HTMLVideoElement>;
  open(deviceId?: string): Promise<void>;
  close(): void;
  /** What it sees now, as JPEG; null when it shows nothing. */
  take(name: string): Promise<File | null>;
}

/** Nearly lossless: what the compression leaves is far under what a model looks for. */
const jpegQuality = 0.95;
/** A camera on a slow bus, or a busy tablet, takes its time. */
const firstFrameMs = 20_000;

export function useCamera(): Camera {
  const [state, setState] = useState<CameraState>({ kind: 'off' });
  const [devices, setDevices] = useState<Camera['devices']>([]);
  const [deviceId, setDeviceId] = useState('');
  const stream = useRef<MediaStream | null>(null);
  const element = useRef<HTMLVideoElement | null>(null);
  /** Counts the calls, so that an answer that came too late opens nothing. */
  const call = useRef(0);

  const show = () => {
    if (element.current === null || element.current.srcObject === stream.current) return;
    element.current.srcObject = stream.current;
    element.current.play().catch(() => {}); // Taken away again before it began.
  };
  const release = useCallback(() => {
    call.current++;
    for (const track of stream.current?.getTracks() ?? []) track.stop();
    stream.current = null;
    if (element.current !== null) element.current.srcObject = null;
  }, []);
  useEffect(() => release, [release]);

  const open = async (wanted = deviceId) => {
    release();
    const own = call.current;
    if (navigator.mediaDevices === undefined) return setState({ kind: 'failed', why: 'insecure' });
    setState({ kind: 'asking' });
    try {
      const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
      const which =
        wanted === '' ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: wanted } };
      const opened = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...which } });
      if (own !== call.current) {
        for (const track of opened.getTracks()) track.stop();
        return;
      }
      stream.current = opened;
      const [track] = opened.getVideoTracks();
      track?.addEventListener('ended', () => {
        if (own === call.current) setState({ kind: 'failed', why: 'lost' });
      });
      setDeviceId(track?.getSettings().deviceId ?? wanted);
      const all = await navigator.mediaDevices.enumerateDevices();
      setDevices(
        all
          .filter(({ kind }) => kind === 'videoinput')
          .map(({ deviceId: id, label }, i) => ({ id, name: label || `${i + 1}` })),
      );
      show();
      setState({ kind: 'on' });
    } catch (error) {
      if (own === call.current) setState({ kind: 'failed', why: whyOf(error) });
    }
  };

  return {
    state,
    devices,
    deviceId,
    video: useCallback((video: HTMLVideoElement | null) => {
      element.current = video;
      if (video === null || video.srcObject === stream.current) return;
      video.srcObject = stream.current;
      video.play().catch(() => {});
    }, []),
    open,
    close: useCallback(() => {
      release();
      setState({ kind: 'off' });
    }, [release]),
    take: useCallback(async (name: string) => {
      const video = element.current;
      if (video === null || stream.current === null) return null;
      await firstFrameOf(video);
      if (video.videoWidth === 0) return null;
      const canvas = document.createElement('canvas');
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext('2d')!.drawImage(video, 0, 0);
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', jpegQuality));
      return blob && new File([blob], name, { type: 'image/jpeg' });
    }, []),
  };
}

/** Until it shows something, but not for long: a camera that was just moved to another element needs a moment. */
function firstFrameOf(video: HTMLVideoElement): Promise<void> {
  if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, firstFrameMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    video.addEventListener('loadeddata', done, { once: true });
  });
}

function whyOf(error: unknown): Extract<CameraState, { kind: 'failed' }>['why'] {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'other';
}

const words = defineWords({
  en: {
    live: 'What the camera sees',
    asking: 'The browser asks whether this page may use the camera.',
    insecure:
      'Browsers give a camera only to pages on https or localhost. Put the server behind https for this.',
    refused: 'The camera was refused. Allow it in the settings of the browser for this page.',
    missing: 'There is no such camera.',
    lost: 'The camera was taken away. Plug it in and open it again.',
    other: 'The camera cannot be opened; another program may be using it.',
  },
  th: {
    live: 'ภาพจากกล้อง',
    asking: 'เบราว์เซอร์กำลังขออนุญาตใช้กล้อง',
    insecure: 'เบราว์เซอร์ให้ใช้กล้องเฉพาะหน้าเว็บที่เป็น https หรือ localhost เท่านั้น กรุณาตั้งเซิร์ฟเวอร์ให้ใช้ https',
    refused: 'ไม่ได้รับอนุญาตให้ใช้กล้อง กรุณาอนุญาตในการตั้งค่าของเบราว์เซอร์',
    missing: 'ไม่พบกล้องนี้',
    lost: 'กล้องหลุดการเชื่อมต่อ เสียบกล้องแล้วเปิดใหม่อีกครั้ง',
    other: 'เปิดกล้องไม่ได้ อาจมีโปรแกรมอื่นใช้กล้องอยู่',
  },
});

/** What it sees, or why not. */
export function CameraView({ camera }: { readonly camera: Camera }) {
  const w = useWords(words);
  const { state } = camera;
  return (
    <>
      {state.kind === 'failed' && <Notice tone="ng">{w[state.why]}</Notice>}
      {state.kind === 'asking' && <Notice>{w.asking}</Notice>}
      <video
        ref={camera.video}
        className="camera-video"
        aria-label={w.live}
        hidden={state.kind !== 'on'}
        autoPlay
        playsInline
        muted
      />
    </>
  );
}

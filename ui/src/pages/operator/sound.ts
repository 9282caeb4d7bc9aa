// The sound of a reject: two falling tones, made by the browser, so that there is nothing to load.
export interface Alarm {
  /** In answer to a press: browsers let pages make a sound only after one. */
  ready(): void;
  ring(): void;
  close(): void;
}

const tones = [
  { hertz: 880, atSeconds: 0 },
  { hertz: 587, atSeconds: 0.22 },
] as const;

export function alarm(): Alarm {
  let context: AudioContext | null = null;
  return {
    ready() {
      context ??= new AudioContext();
      void context.resume();
    },
    ring() {
      if (context === null) return;
      for (const { hertz, atSeconds } of tones) {
        const from = context.currentTime + atSeconds;
        const tone = new OscillatorNode(context, { type: 'square', frequency: hertz });
        const loudness = new GainNode(context, { gain: 0.25 });
        loudness.gain.setTargetAtTime(0, from + 0.14, 0.03);
        tone.connect(loudness).connect(context.destination);
        tone.start(from);
        tone.stop(from + 0.3);
      }
    },
    close() {
      void context?.close();
      context = null;
    },
  };
}

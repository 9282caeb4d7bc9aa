// What a model that finds anomalies saw: the map over the picture, its places, and side by side what it expected.
import { useState } from 'react';
import { Slider } from '../../../components/field.tsx';
import { Segments } from '../../../components/segments.tsx';
import { Stage, type View } from '../../../components/stage.tsx';
import { useFormat } from '../../../text/format.ts';
import { useWords } from '../../../text/language.tsx';
import { RegionList } from './region-list.tsx';
import { type ShownResult, shapeOf } from './result.ts';
import { useDrawnMap, useMap } from './use-map.ts';
import { words } from './words.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

const usualTop = 2;

export function AnomalyView({ result, size }: { readonly result: ShownResult; readonly size: Size }) {
  const w = useWords(words);
  const format = useFormat();
  const [how, setHow] = useState<'overlay' | 'side'>('overlay');
  const [opacity, setOpacity] = useState(0.65);
  const [top, setTop] = useState(usualTop);
  const [view, setView] = useState<View | null>(null);
  const [lit, setLit] = useState<number | null>(null);
  const { data: map } = useMap(result.mapUrl);
  const threshold = result.pixelThreshold ?? result.threshold;
  const over = useDrawnMap(map, threshold, { top, clear: true });
  const whole = useDrawnMap(map, threshold, { top, clear: false }) ?? result.heatmapUrl;
  const shared = { ...size, view, onView: setView };
  const regions = result.regions ?? [];
  const go = (index: number) => {
    const [x, y, width, height] = regions[index]!.bbox as [number, number, number, number];
    const zoom = Math.max(1, Math.min(8, 0.4 * Math.min(size.width / width, size.height / height)));
    setView({ x: x + width / 2, y: y + height / 2, zoom });
  };
  const places = regions.map(({ bbox }, i) => (
    <rect
      // biome-ignore lint/suspicious/noArrayIndexKey: they never change places
      key={i}
      className={lit === i ? 'test-region lit' : 'test-region'}
      x={bbox[0]}
      y={bbox[1]}
      width={bbox[2]}
      height={bbox[3]}
      onPointerEnter={() => setLit(i)}
      onPointerLeave={() => setLit(null)}
    />
  ));
  const picture = (href: string, more: { readonly opacity?: number; readonly className?: string } = {}) => (
    <image href={href} width={size.width} height={size.height} preserveAspectRatio="none" {...more} />
  );
  return (
    <div className="test-anomaly" style={shapeOf(size)}>
      <div className="row apart">
        <Segments
          label={w.how}
          value={how}
          onChange={setHow}
          options={[
            { value: 'overlay', label: w.overlay },
            { value: 'side', label: w.side },
          ]}
        />
        <div className="test-sliders">
          <Slider
            label={w.opacity}
            value={opacity}
            min={0}
            max={1}
            step={0.05}
            shown={format.percent(opacity)}
            onChange={setOpacity}
          />
          {map !== undefined && (
            <Slider
              label={w.scale}
              value={top}
              min={1}
              max={10}
              step={0.25}
              shown={w.scaleShown(format.decimal(top, top % 1 === 0 ? 0 : 2))}
              onChange={setTop}
            />
          )}
        </div>
      </div>
      {how === 'overlay' ? (
        <div className="test-look">
          <Stage {...shared} label={w.look(result.filename)} className="test-stage">
            {picture(result.imageUrl)}
            {map === undefined && result.heatmapUrl !== null
              ? picture(result.heatmapUrl, { opacity, className: 'test-heat' })
              : over !== null && picture(over, { opacity, className: 'test-heat' })}
            {places}
          </Stage>
          <RegionList result={result} pixelThreshold={threshold} lit={lit} onLight={setLit} onGo={go} />
        </div>
      ) : (
        <div className="test-side">
          <figure>
            <Stage {...shared} label={w.look(w.input)} className="test-stage">
              {picture(result.imageUrl)}
              {places}
            </Stage>
            <figcaption>{w.input}</figcaption>
          </figure>
          {result.reconstructionUrl !== null && (
            <figure>
              <Stage {...shared} label={w.look(w.reconstruction)} className="test-stage">
                {picture(result.reconstructionUrl)}
              </Stage>
              <figcaption>{w.reconstruction}</figcaption>
            </figure>
          )}
          {whole !== null && (
            <figure>
              <Stage {...shared} label={w.look(w.map)} className="test-stage">
                {picture(whole, { className: 'test-heat' })}
                {places}
              </Stage>
              <figcaption>{w.mapWhole}</figcaption>
            </figure>
          )}
        </div>
      )}
      <p className="hint">{map === undefined ? w.noMap : w.scaleHint}</p>
    </div>
  );
}

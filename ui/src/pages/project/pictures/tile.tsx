// One picture of the gallery: its preview, its mark, and whether a person should look at it.
import { memo, useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import type { ImageItem } from '../../../server/client.ts';
import { useWords } from '../../../text/language.tsx';
import { words } from './words.ts';

interface TileProps {
  readonly image: ImageItem;
  readonly id: string;
  readonly place: number;
  readonly count: number;
  readonly isChosen: boolean;
  readonly isActive: boolean;
  /** What the check said, or empty. */
  readonly flag: string;
}

export const Tile = memo(function Tile({ image, id, place, count, isChosen, isActive, flag }: TileProps) {
  const w = useWords(words);
  const [isBroken, setBroken] = useState(false);
  const { filename, display_name, thumbnail_url, mark, mask_url, holdout } = image;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names the active one
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      aria-setsize={count}
      aria-posinset={place + 1}
      aria-label={w.pictureName(
        display_name,
        [mark === null ? '' : w.marks[mark], holdout ? w.held : ''].join(' ').trim(),
        flag,
      )}
      className={`tile${isChosen ? ' chosen' : ''}${isActive ? ' active' : ''}`}
      data-name={filename}
      title={flag || display_name}
    >
      <div className="tile-picture">
        {isBroken ? (
          <span className="tile-broken">
            <Icon name="warning" size={28} />
          </span>
        ) : (
          <img
            src={thumbnail_url}
            alt=""
            decoding="async"
            draggable={false}
            onError={() => setBroken(true)}
          />
        )}
        <span className="tile-tick" data-part="tick">
          <Icon name="check" size={14} />
        </span>
        <span className="tile-open" data-part="open">
          <Icon name="full" size={16} />
        </span>
        {holdout && (
          <span className="tile-held" title={w.holdHint}>
            <Icon name="star" size={13} /> {w.held}
          </span>
        )}
        {mark !== null && (
          <span className={`tile-mark ${mark}`}>
            {`${w.marks[mark]} `}
            {mask_url !== undefined && <Icon name="polygon" size={13} />}
          </span>
        )}
        {flag !== '' && (
          <span className="tile-flag">
            <Icon name="warning" size={15} />
          </span>
        )}
      </div>
      <div className="tile-name cut">{display_name}</div>
    </div>
  );
});

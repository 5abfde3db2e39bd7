import { type DragEvent, useRef, useState } from 'react';
import { Foreign } from '../../parts/foreign.tsx';
import type { Limits } from '../../pictures/inspect.ts';
import type { Picture } from '../../pictures/picture.ts';
import { formatBytes } from '../../pictures/repair.ts';
import { fillSlot, type Slot, setSlot } from './draft.ts';

type Props = { readonly index: number; readonly slot: Slot; readonly limits: Limits };

// On an iPhone these make the system convert a HEIC; on Android they offer the camera.
const chosenTypes = 'image/jpeg,image/png,image/webp,image/bmp';
const names = ['Picture', 'Second picture'];

/** A place for one picture: dropped, pasted, chosen, or by its address. */
export function PictureSlot({ index, slot, limits }: Props) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent<HTMLElement>) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) return void fillSlot(index, file, file.name, limits);
    const address = event.dataTransfer?.getData('text/uri-list').split('\n')[0]?.trim();
    if (address) setSlot(index, { picture: { kind: 'address', address } });
  };
  return (
    <fieldset
      className={`slot${isOver ? ' slot-over' : ''}${slot.picture ? ' slot-filled' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <legend className="sr-only">{names[index]}</legend>
      {slot.picture ? (
        <Filled picture={slot.picture} onRemove={() => setSlot(index, {})} />
      ) : (
        <Empty index={index} slot={slot} limits={limits} />
      )}
    </fieldset>
  );
}

function Empty({ index, slot, limits }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [address, setAddress] = useState('');
  const [error, setError] = useState<string | undefined>();
  const use = () => {
    if (address.trim() === '') return;
    if (!/^https?:\/\/\S+$/.test(address.trim())) {
      return setError('An address begins with https://');
    }
    setSlot(index, { picture: { kind: 'address', address: address.trim() } });
  };
  return (
    <>
      <input
        ref={input}
        className="sr-only"
        type="file"
        accept={chosenTypes}
        tabIndex={-1}
        aria-label={`${names[index]}: a file`}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          currentTarget.value = '';
          if (file) void fillSlot(index, file, file.name, limits);
        }}
      />
      <button type="button" className="slot-choose" onClick={() => input.current?.click()}>
        <svg className="icon" viewBox="0 0 20 20" width="28" height="28" aria-hidden="true">
          <path d="M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 8h.01" />
        </svg>
        <strong>{slot.isBusy ? 'Reading the picture' : names[index]}</strong>
        <span className="caption">
          {index === 0 ? 'Drop, paste or choose' : 'Optional: drop or choose'}
        </span>
      </button>
      <span className="with-button slot-address">
        <input
          type="url"
          placeholder="or an address, https://"
          aria-label={`${names[index]}: an address`}
          value={address}
          onInput={({ currentTarget }) => {
            setAddress(currentTarget.value);
            setError(undefined);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
              event.preventDefault();
              use();
            }
          }}
          onBlur={use}
        />
      </span>
      {(slot.error ?? error) !== undefined && (
        <p className="slot-error" role="alert">
          <Foreign text={slot.error ?? error ?? ''} />
        </p>
      )}
    </>
  );
}

function Filled({
  picture,
  onRemove,
}: {
  readonly picture: Picture;
  readonly onRemove: () => void;
}) {
  return (
    <>
      <div className="slot-picture">
        {picture.kind === 'file' ? (
          <img src={picture.objectUrl} alt={`Chosen: ${picture.name}`} />
        ) : (
          <p className="caption">
            The service fetches it: <Foreign text={picture.address} lines={4} />
          </p>
        )}
      </div>
      <div className="slot-facts">
        {picture.kind === 'file' && (
          <p className="caption">
            <Foreign text={picture.name} lines={1} />
            {picture.ready.width} × {picture.ready.height} · {formatBytes(picture.ready.blob.size)}
          </p>
        )}
        <button type="button" className="quiet" onClick={onRemove}>
          Remove
        </button>
      </div>
      {picture.kind === 'file' && picture.ready.changes.length > 0 && (
        <p className="slot-changes" role="status">
          {picture.ready.changes.join(' ')}
        </p>
      )}
    </>
  );
}

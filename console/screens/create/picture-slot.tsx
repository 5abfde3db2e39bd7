import { type DragEvent, useEffect, useRef, useState } from 'react';
import { Foreign, plainForeign } from '../../parts/foreign.tsx';
import type { Limits } from '../../pictures/inspect.ts';
import type { Picture } from '../../pictures/picture.ts';
import { type Background, backgrounds, formatBytes } from '../../pictures/repair.ts';
import { changeBackground, fillSlot, isRefused, type Slot, setSlot, undoRepair } from './draft.ts';

type SlotProps = { readonly index: number; readonly slot: Slot; readonly limits: Limits };

/** Runs the action of a button that disappears by it, and keeps the focus in the slot. */
type Replace = (change: () => void) => void;

type Props = SlotProps & { readonly replace: Replace };

// On an iPhone these make the system convert a HEIC.
const chosenTypes = 'image/jpeg,image/png,image/webp,image/bmp';
const addressError = 'An address begins with https://';
const names = ['Picture', 'Second picture', 'Third picture'];

/** A place for one picture: dropped, pasted, chosen, or by its address. */
export function PictureSlot({ index, slot, limits }: SlotProps) {
  const [isOver, setOver] = useState(false);
  const { place, replace } = useFocusOf(slot);
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
      ref={place}
      className={`slot${isOver ? ' slot-over' : ''}${slot.picture ? ' slot-filled' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <legend className="sr-only">{names[index] ?? `Picture ${index + 1}`}</legend>
      {slot.picture ? (
        <Filled index={index} picture={slot.picture} limits={limits} replace={replace} />
      ) : (
        <Empty index={index} slot={slot} limits={limits} replace={replace} />
      )}
    </fieldset>
  );
}

/** Moves the focus to the button that undoes the action, or else to the first button. */
function useFocusOf(slot: Slot) {
  const place = useRef<HTMLFieldSetElement>(null);
  const isReplaced = useRef(false);
  useEffect(() => {
    if (!isReplaced.current) return;
    // While a picture is being read, the slot will change once more.
    isReplaced.current = slot.isBusy === true;
    if (document.activeElement !== document.body) return;
    const find = (selector: string) => place.current?.querySelector<HTMLElement>(selector);
    (find('.slot-repair') ?? find('button'))?.focus();
  }, [slot]);
  const replace: Replace = (change) => {
    isReplaced.current = true;
    change();
  };
  return { place, replace };
}

function Empty({ index, slot, limits, replace }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const [address, setAddress] = useState('');
  const { unrepaired } = slot;
  const leaveOut = () => {
    setAddress('');
    setSlot(index, {});
  };
  const repair = ({ original, name, background }: FilePicture) =>
    fillSlot(index, original, name, limits, background);
  const use = () => {
    if (address.trim() === '') return;
    if (!/^https?:\/\/\S+$/.test(address.trim())) {
      // A wrong address must not replace a picture that is being read.
      if (!slot.isBusy) setSlot(index, { unrepaired, error: addressError });
      return;
    }
    setSlot(index, { picture: { kind: 'address', address: address.trim() } });
  };
  const take = ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => {
    const file = currentTarget.files?.[0];
    currentTarget.value = '';
    if (file) void fillSlot(index, file, file.name, limits);
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
        onChange={take}
      />
      <input
        ref={camera}
        className="sr-only"
        type="file"
        accept="image/jpeg"
        capture="environment"
        tabIndex={-1}
        aria-label={`${names[index]}: a photo`}
        onChange={take}
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
      <button type="button" className="slot-camera" onClick={() => camera.current?.click()}>
        Take a photo
      </button>
      <span className="with-button slot-address">
        <input
          type="url"
          placeholder="or an address, https://"
          aria-label={`${names[index]}: an address`}
          value={address}
          onInput={({ currentTarget }) => {
            setAddress(currentTarget.value);
            if (slot.error === addressError) setSlot(index, { unrepaired });
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            use();
            if (!event.ctrlKey && !event.metaKey) return;
            // The form is sent after it has got the address.
            event.stopPropagation();
            const { form } = event.currentTarget;
            setTimeout(() => form?.requestSubmit());
          }}
          onBlur={use}
        />
      </span>
      {slot.error !== undefined && (
        <p className="slot-error" role="alert">
          <Foreign text={slot.error} />
        </p>
      )}
      {isRefused(slot) && (
        <div className="slot-facts slot-refused">
          {unrepaired && (
            <>
              <img
                className="slot-unrepaired"
                src={unrepaired.objectUrl}
                alt={`As it is: ${plainForeign(unrepaired.name)}`}
              />
              <button
                type="button"
                className="slot-repair"
                onClick={() => replace(() => void repair(unrepaired))}
              >
                Change it after all
              </button>
            </>
          )}
          <button type="button" className="quiet" onClick={() => replace(leaveOut)}>
            Leave it out
          </button>
        </div>
      )}
    </>
  );
}

type FilledProps = Omit<Props, 'slot'> & { readonly picture: Picture };

function Filled({ index, picture, limits, replace }: FilledProps) {
  return (
    <>
      <div className="slot-picture">
        {picture.kind === 'file' ? (
          <img src={picture.objectUrl} alt={`Chosen: ${plainForeign(picture.name)}`} />
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
        <button type="button" className="quiet" onClick={() => replace(() => setSlot(index, {}))}>
          Remove
        </button>
      </div>
      {picture.kind === 'file' && picture.ready.changes.length > 0 && (
        <Repair index={index} picture={picture} limits={limits} replace={replace} />
      )}
    </>
  );
}

type FilePicture = Extract<Picture, { kind: 'file' }>;
type RepairProps = Omit<Props, 'slot'> & { readonly picture: FilePicture };

/** What was changed in a picture, and the way back. */
function Repair({ index, picture, limits, replace }: RepairProps) {
  const { ready, background } = picture;
  return (
    <>
      <p className="slot-changes" role="status">
        {ready.changes.join(' ')}
      </p>
      <div className="actions">
        {ready.hasBackground && (
          <select
            className="inline"
            aria-label="Behind the transparent parts"
            value={background}
            onChange={({ currentTarget }) => {
              const chosen = backgroundNames.find((one) => one === currentTarget.value);
              if (chosen) void changeBackground(index, chosen, limits);
            }}
          >
            {backgroundNames.map((one) => (
              <option key={one} value={one}>
                On {one}
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          className="quiet slot-repair"
          onClick={() => replace(() => undoRepair(index))}
        >
          Undo
        </button>
      </div>
    </>
  );
}

const backgroundNames = Object.keys(backgrounds) as Background[];

import calling from '../../../docs/calling.md?raw';
import errors from '../../../docs/errors.md?raw';
import readme from '../../../README.md?raw';
import { useTitle } from '../../parts/use-title.ts';
import { errorsText, evolinkText } from './page-texts.ts';
import { Text } from './text.tsx';
import { useTarget } from './use-target.ts';

// Pages of the checkout that the console shows as well: the same files, read when it is built.
const errorsPage = errorsText(errors);
const evolinkPage = evolinkText(readme, calling);

/** What every code means and what to do about it: docs/errors.md. */
export function ErrorsPage() {
  useTitle('Errors');
  useTarget();
  return (
    <>
      <h1>Errors</h1>
      <Text text={errorsPage} />
    </>
  );
}

/** What stays and what changes for a client of EvoLink, as README.md and docs/calling.md say it. */
export function EvolinkPage() {
  useTitle('Coming from EvoLink');
  useTarget();
  return (
    <>
      <h1>Coming from EvoLink</h1>
      <p>
        The address of this service is <code>{location.origin}</code>.
      </p>
      <Text text={evolinkPage} />
    </>
  );
}

import { type UseMutationOptions, useMutation } from '@tanstack/react-query';
import { useRef } from 'react';

/**
 * Something that a button does to the service. However often somebody clicks, it is done once at a time: `aria-disabled`
 * tells of that, and stops no click. `unlessRunning` is for what would lose the answer, as closing its dialog.
 */
export function useAction<Data, Variables = void>(
  options: UseMutationOptions<Data, Error, Variables>,
) {
  const mutation = useMutation(options);
  // Known at once, while `isPending` is known when the page is drawn again.
  const isRunning = useRef(false);

  const mutate: typeof mutation.mutate = (...request) => {
    if (isRunning.current) return;
    isRunning.current = true;
    mutation
      .mutateAsync(...request)
      // It is in `error`.
      .catch(() => {})
      .finally(() => {
        isRunning.current = false;
      });
  };
  const unlessRunning = (then: () => void) => () => {
    if (!isRunning.current) then();
  };
  const { data, error, isPending, isSuccess, reset } = mutation;
  return { data, error, isPending, isSuccess, reset, mutate, unlessRunning };
}

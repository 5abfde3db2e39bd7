import { type UseMutationOptions, useMutation } from '@tanstack/react-query';
import { useRef } from 'react';

/**
 * A request that a button sends. However often somebody clicks, only one request runs at a time: `aria-disabled` only
 * shows that, and stops no click. `unlessRunning` is for actions that would lose the response, like closing the dialog.
 */
export function useAction<Data, Variables = void>(
  options: UseMutationOptions<Data, Error, Variables>,
) {
  const mutation = useMutation(options);
  // This changes at once; `isPending` changes only with the next render.
  const isRunning = useRef(false);

  const mutate: typeof mutation.mutate = (...request) => {
    if (isRunning.current) return;
    isRunning.current = true;
    mutation
      .mutateAsync(...request)
      // The error is in `error`.
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

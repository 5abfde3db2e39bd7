import { functionsOf } from '../../../local/aws/template/read-functions.ts';
import {
  type LocalStack,
  type LocalStackOptions,
  startLocalStack,
} from '../../../local/local-stack.ts';
import { type FakeClock, installClock } from '../clock.ts';
import { type Faults, faultInjection } from './faults.ts';

export type FaultyStackOptions = Omit<LocalStackOptions, 'prelude' | 'intercept'> & {
  /** Puts this process and every function under a clock that can be advanced. */
  readonly clock?: FakeClock;
};

export type FaultyStack = LocalStack & { readonly faults: Faults };

/** Starts a local stack into which faults can be injected. Without a command it has none. */
export async function startFaultyStack({
  clock,
  ...options
}: FaultyStackOptions): Promise<FaultyStack> {
  const removeClock = clock && installClock(clock.offset);
  const { seams, commands, close } = faultInjection({ speed: options.speed, clock });
  const stack = await startLocalStack({ ...options, ...seams });
  const { lambda, context, endExecution } = stack;
  return {
    ...stack,
    faults: commands({ functions: functionsOf(context), lambda, endExecution }),
    close: async () => {
      close();
      await stack.close();
      removeClock?.();
    },
  };
}

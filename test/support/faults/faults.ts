import type { LambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import type { ForcedStatus } from '../../../local/aws/step-functions/executions.ts';
import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';
import type { LocalStackOptions } from '../../../local/local-stack.ts';
import type { FakeClock } from '../clock.ts';
import { type CrashPlan, crashInjector, functionName, type Invocation } from './crash-injector.ts';
import { type EventFault, eventFaults } from './event-faults.ts';
import type { InjectedFault } from './fault-queue.ts';
import { type RequestFault, requestFaults } from './request-faults.ts';
import { sandboxPrelude } from './sandbox-prelude.ts';
import { scaledDelays } from './scaled-delay.ts';

/** The commands that inject faults into this local stack. Without a command there are no faults. */
export type Faults = {
  /**
   * Starts all functions in new sandboxes and records their invocations from now on; the record grows
   * by itself. Faults that were added before stay.
   */
  record(): readonly Invocation[];
  /**
   * Lets a function crash at one of its outgoing calls, as if its process were killed. The first plan
   * begins a record, if there is none.
   * @throws when there is no such function
   */
  crash(plan: CrashPlan): InjectedFault;
  /** Lets an event on its way to a function get lost, come late, or come twice. */
  breakEvent(fault: EventFault): InjectedFault;
  /** Lets a request to Step Functions fail, lose its response, be done twice, or be late. */
  breakRequest(fault: RequestFault): InjectedFault;
  /**
   * Ends the latest execution of that name; the functions that its states have begun run to their end.
   * @throws when there is no such execution, or it has ended
   */
  endExecution(name: string, status: ForcedStatus): void;
  /** Removes all faults, and stops recording. */
  clear(): void;
};

/** What the commands need of a running stack. */
type Target = {
  readonly functions: readonly FunctionDefinition[];
  readonly lambda: Pick<LambdaRunner, 'recycle'>;
  readonly endExecution: Faults['endExecution'];
};

type Options = {
  /** Divides the delays. */
  readonly speed?: number | undefined;
  readonly clock?: FakeClock | undefined;
};

/** The options of a local stack through which faults get into it. */
type Seams = Required<Pick<LocalStackOptions, 'prelude' | 'intercept'>>;

/** The options through which faults get into a local stack, and the commands that add faults to a running one. */
export function faultInjection({ speed = 1, clock }: Options = {}) {
  const { delay, close } = scaledDelays(speed);
  const crashes = crashInjector();
  const events = eventFaults(delay);
  const requests = requestFaults(delay);

  const commands = ({ functions, lambda, endExecution }: Target): Faults => {
    const names = new Set(functions.map(functionName));
    const record = () => {
      const started = crashes.record();
      lambda.recycle();
      return started;
    };
    return {
      record,
      crash(plan) {
        if (!names.has(plan.function)) throw new Error(`There is no function ${plan.function}`);
        if (!crashes.isRecording()) record();
        return crashes.add(plan);
      },
      breakEvent: events.add,
      breakRequest: requests.add,
      endExecution,
      clear() {
        if (crashes.isRecording()) lambda.recycle();
        for (const { clear } of [crashes, events, requests]) clear();
      },
    };
  };
  const seams: Seams = {
    prelude: sandboxPrelude({ clock, watch: crashes.watch }),
    intercept: {
      event: events.intercept,
      request: requests.intercept,
      callback: events.interceptCallback,
    },
  };
  return { seams, watch: crashes.watch, commands, close };
}

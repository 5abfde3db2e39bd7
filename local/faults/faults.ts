import type { LambdaRunner } from '../lambda/lambda.ts';
import type { BadEnding } from '../step-functions/executions.ts';
import type { FunctionDefinition } from '../template/read-functions.ts';
import { type EventOrder, eventFaults } from './events.ts';
import { type Invocation, type KillOrder, kills } from './kills.ts';
import { delays } from './later.ts';
import type { Ordered } from './order-book.ts';
import { type RequestOrder, requestFaults } from './requests.ts';

/** What can be made to go wrong on this laptop. Nothing does unless it is ordered. */
export type Faults = {
  /**
   * Starts all functions afresh and keeps what they do from now on; the record grows by itself. What
   * was ordered before stays ordered.
   */
  record(): readonly Invocation[];
  /**
   * Lets a function die at one of its outgoing calls, as if its process were killed. The first order
   * begins a record, if there is none.
   * @throws when there is no such function
   */
  kill(order: KillOrder): Ordered;
  /** Lets an event on its way to a function get lost, come late, or come twice. */
  event(order: EventOrder): Ordered;
  /** Lets a request to Step Functions fail, lose its answer, be done twice, or be late. */
  request(order: RequestOrder): Ordered;
  /**
   * Ends the latest execution of that name; what its states have begun is left to finish.
   * @throws when there is none, or it has ended
   */
  endExecution(name: string, how: BadEnding): void;
  /** Forgets all orders, and stops looking on. */
  clear(): void;
};

type Laptop = {
  readonly lambda: Pick<LambdaRunner, 'renew'>;
  readonly endExecution: Faults['endExecution'];
};

/** The places where faults get into the parts of the laptop, and how they are ordered once it runs. */
export function faultInlets(functions: readonly FunctionDefinition[], speed: number) {
  const { later, close } = delays(speed);
  const deaths = kills(functions);
  const events = eventFaults(later);
  const requests = requestFaults(later);

  const orders = ({ lambda, endExecution }: Laptop): Faults => {
    const record = () => {
      const started = deaths.record();
      lambda.renew();
      return started;
    };
    return {
      record,
      kill(order) {
        if (!deaths.isOn()) record();
        return deaths.order(order);
      },
      event: events.order,
      request: requests.order,
      endExecution,
      clear() {
        if (deaths.isOn()) lambda.renew();
        for (const { clear } of [deaths, events, requests]) clear();
      },
    };
  };
  return { watch: deaths.watch, pass: events.pass, interfere: requests.interfere, orders, close };
}

import { adapt } from './adapt.ts';
import { type EngineEvent, walk } from './engine.ts';
import { timeout } from './failure.ts';
import { type HistoryEvent, historyEvent } from './history.ts';
import type { Machine, World } from './machine.ts';
import type { Details } from './run-task.ts';
import { Steps } from './steps.ts';

type Failing = { readonly error?: string | undefined; readonly cause?: string | undefined };

export type Ending =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | ({ readonly status: 'FAILED' | 'ABORTED' } & Failing)
  | { readonly status: 'TIMED_OUT' };

export type Order = {
  readonly arn: string;
  readonly name: string;
  readonly machine: Machine;
  /** JSON, byte for byte as it came. */
  readonly input: string;
};

/** One run of a machine. It lives in memory alone: whoever needs it to survive must start it again. */
export class Execution {
  readonly order: Order;
  readonly startedAt: number;
  readonly history: HistoryEvent[] = [];
  ended: (Ending & { readonly at: number }) | undefined;
  /** Settles when nothing of it moves any more. */
  readonly finished: Promise<unknown>;
  readonly #world: World;
  readonly #callOff: () => void;

  constructor(order: Order, world: World) {
    this.order = order;
    this.#world = world;
    this.startedAt = world.now();
    const { definition, roleArn } = order.machine;
    this.#record('ExecutionStarted', undefined, { input: order.input, roleArn });
    const steps = new Steps(world, order.machine, (type, state, details) =>
      this.#record(type, state, details),
    );
    const { callOff, finished } = walk({
      definition: adapt(definition, world.pace.speed, (name, state) => steps.enter(name, state)),
      input: JSON.parse(order.input),
      context: { ...contextOf(order), ...steps.context },
      handlers: steps.handlers(definition),
      hear: (event) => this.#hear(event),
    });
    const forgetDeadline = this.#deadline(definition.TimeoutSeconds);
    this.finished = finished;
    this.#callOff = () => {
      forgetDeadline();
      callOff();
      steps.abandon();
    };
    world.onStatus(this);
  }

  /** Ends it, unless it has ended; the state it is in is left at once. */
  end(ending: Ending): void {
    if (this.ended) return;
    const { status, ...details } = ending;
    this.#record(eventOf[status], undefined, {
      ...(status === 'TIMED_OUT' && { error: timeout }),
      ...details,
    });
    this.ended = { ...ending, at: this.#world.now() };
    this.#callOff();
    this.#world.onStatus(this);
  }

  #deadline(seconds: number | undefined): () => void {
    if (seconds === undefined) return () => undefined;
    return this.#world.pace.after(seconds, () => this.end({ status: 'TIMED_OUT' }));
  }

  #hear(event: EngineEvent): void {
    if (event.type === 'StateEntered') {
      this.#passed('Entered', event.state.name, { input: JSON.stringify(event.state.input) });
    } else if (event.type === 'StateExited') {
      this.#passed('Exited', event.state.name, { output: JSON.stringify(event.state.output) });
    } else if (event.type === 'ExecutionSucceeded') {
      this.end({ status: 'SUCCEEDED', output: JSON.stringify(event.output) });
    } else if (event.type === 'ExecutionFailed') {
      const cause = event.Cause ? String(event.Cause) : undefined;
      this.end({ status: 'FAILED', error: event.Error || undefined, cause });
    }
  }

  // The engine takes a Wait for a Task, the history does not.
  #passed(how: 'Entered' | 'Exited', name: string, details: Details): void {
    const type = this.order.machine.definition.States[name]?.Type;
    this.#record(`${type}State${how}`, name, { name, ...details });
  }

  #record(type: string, state: string | undefined, details: Details): void {
    if (this.ended) return;
    this.history.push(historyEvent(this.history.length + 1, this.#world.now(), type, details));
    const error = typeof details['error'] === 'string' ? details['error'] : undefined;
    this.#world.onEvent({ execution: this.order.name, type, state, error });
  }
}

const eventOf = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  ABORTED: 'ExecutionAborted',
  TIMED_OUT: 'ExecutionTimedOut',
} as const satisfies Record<Ending['status'], string>;

const contextOf = ({ arn, name, machine }: Order) => ({
  Execution: { Id: arn, Name: name, RoleArn: machine.roleArn },
  StateMachine: { Id: machine.arn, Name: machine.name },
});

import { setImmediate } from 'node:timers/promises';
import { open, type Stay } from './adapt.ts';
import { newAttempt } from './attempt.ts';
import type { Definition, Task, Wait } from './definition.ts';
import { TaskFailure } from './failure.ts';
import type { Machine, World } from './machine.ts';
import { callOf, waitsForToken } from './resource.ts';
import { type Details, runTask } from './run-task.ts';
import { timeoutSeconds, waitSeconds } from './seconds.ts';

type Tell = (type: string, state: string, details: Details) => void;

/** What happens inside the states of one execution: the engine says when, and goes on from there. */
export class Steps {
  /** Our part of the context object. A path to a token that nobody waits for leads nowhere. */
  readonly context: { readonly State: object; readonly Task: { Token?: string | undefined } } = {
    State: {},
    Task: {},
  };
  readonly #world: World;
  readonly #machineArn: string;
  readonly #tell: Tell;
  #attempt = newAttempt();
  #isAbandoned = false;

  constructor(world: World, { arn }: Machine, tell: Tell) {
    this.#world = world;
    this.#machineArn = arn;
    this.#tell = tell;
  }

  /** What is done in each state that does something. */
  handlers({ States }: Definition): Record<string, (given: unknown) => Promise<unknown>> {
    return Object.fromEntries(
      Object.entries(States).flatMap(([name, state]) => {
        if (state.Type === 'Task') return [[name, (given) => this.#do(name, state, given)]];
        if (state.Type === 'Wait') return [[name, (given) => this.#wait(state, given)]];
        return [];
      }),
    );
  }

  enter(Name: string, state: Definition['States'][string]): Stay {
    const EnteredTime = new Date(this.#world.now()).toISOString();
    const isWaiting = state.Type === 'Task' && waitsForToken(state.Resource);
    let RetryCount = 0;
    return {
      attempted: () => {
        this.#attempt = newAttempt();
        if (this.#isAbandoned) this.abandon();
        Object.assign(this.context.State, { Name, EnteredTime, RetryCount });
        RetryCount += 1;
        this.context.Task.Token = isWaiting ? this.#world.tokens.mint() : undefined;
      },
      lastError: () => this.#attempt.error(),
    };
  }

  /** Leaves the state it is in, and every later one, by an error that nothing catches. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#attempt.fail(new TaskFailure('Abandoned', '', { final: true }));
  }

  async #do(name: string, task: Task, given: unknown): Promise<unknown> {
    const { parameters, beside } = open(task, given);
    const call = callOf(task.Resource, parameters);
    const work = { call, attempt: this.#attempt, timeoutSeconds: timeoutSeconds(task, beside) };
    const { Token: token } = this.context.Task;
    if (token) this.#world.tokens.assign(token, work.attempt, this.#machineArn);
    // What the engine has said so far is heard by then, which keeps the history in order.
    await setImmediate();
    if (work.attempt.isOver()) return work.attempt.result;
    return runTask(work, {
      invoke: (functionArn, payload) => this.#world.invoke(functionArn, payload, this.#machineArn),
      pace: this.#world.pace,
      record: (type, details) => this.#tell(type, name, details),
    });
  }

  async #wait(wait: Wait, given: unknown): Promise<unknown> {
    const { parameters, beside } = open(wait, given);
    const attempt = this.#attempt;
    const seconds = waitSeconds(wait, beside, this.#world.now());
    const callOff = this.#world.pace.after(seconds, () => attempt.succeed(parameters));
    return attempt.result.finally(callOff);
  }
}

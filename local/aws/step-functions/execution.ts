import { EventThread } from './events.ts';
import { type Details, type HistoryEvent, historyEvent } from './history.ts';
import { runBranch } from './interpreter.ts';
import type {
  EmulatorContext,
  Ended,
  Ending,
  ExecutionStatus,
  Machine,
  StartRequest,
} from './machine.ts';
import { abandoned, runtimeFailure, TaskFailure, timeoutError } from './task-failure.ts';

/** The longest history that AWS allows. It also ends a machine that would loop for ever. */
const maxEvents = 25_000;

/** One run of a machine. It exists in memory only: after a restart it must be started again. */
export class Execution implements ExecutionStatus {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  readonly input: string;
  readonly startedAt: number;
  readonly history: HistoryEvent[] = [];
  ended: Ended | undefined;
  /** Settles when none of its code runs any more. */
  readonly finished: Promise<unknown>;
  readonly #context: EmulatorContext;
  readonly #stop = new AbortController();
  readonly #events: EventThread;

  constructor(request: StartRequest, context: EmulatorContext) {
    this.arn = request.arn;
    this.name = request.name;
    this.machineArn = request.machine.arn;
    this.input = request.input;
    this.#context = context;
    this.startedAt = context.now();
    const { definition, roleArn } = request.machine;
    this.#append('ExecutionStarted', undefined, { input: request.input, roleArn }, 0);
    this.#events = new EventThread((...event) => this.#append(...event), this.#stop.signal);
    this.finished = this.#run(request.machine);
    this.#startDeadline(definition.TimeoutSeconds);
    context.onStatusChange(this);
  }

  /** Ends it, unless it has ended; its current state is left at once. */
  end(ending: Ending): void {
    if (this.ended) return;
    const { status, ...details } = ending;
    const timeout = status === 'TIMED_OUT' ? { error: timeoutError } : {};
    this.#append(eventOf[status], undefined, { ...timeout, ...details }, this.#events.lastId);
    this.ended = { ...ending, at: this.#context.now() };
    this.#stop.abort(abandoned());
    this.#context.onStatusChange(this);
  }

  async #run(machine: Machine): Promise<void> {
    try {
      const output = await runBranch(machine.definition, JSON.parse(this.input), {
        emulator: this.#context,
        machineArn: machine.arn,
        context: this.#contextObject(machine),
        events: this.#events,
        signal: this.#stop.signal,
      });
      this.end({ status: 'SUCCEEDED', output: JSON.stringify(output) });
    } catch (thrown) {
      const { name, message } =
        thrown instanceof TaskFailure ? thrown : runtimeFailure(`${thrown}`);
      this.end({ status: 'FAILED', error: name || undefined, cause: message || undefined });
    }
  }

  #contextObject(machine: Machine) {
    return {
      Execution: {
        Id: this.arn,
        Input: JSON.parse(this.input),
        Name: this.name,
        RoleArn: machine.roleArn,
        StartTime: new Date(this.startedAt).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
  }

  #startDeadline(seconds: number | undefined): void {
    if (seconds === undefined) return;
    const cancel = this.#context.timeScale.after(seconds, () => this.end({ status: 'TIMED_OUT' }));
    this.#stop.signal.addEventListener('abort', cancel);
  }

  #append(
    type: string,
    state: string | undefined,
    details: Details,
    previousEventId: number,
  ): number {
    const id = this.history.length + 1;
    this.history.push(historyEvent(id, this.#context.now(), type, details, previousEventId));
    const error = typeof details['error'] === 'string' ? details['error'] : undefined;
    this.#context.onEvent({ execution: this.name, type, state, error });
    if (id === maxEvents - 1 && !endings.has(type))
      this.end({ status: 'FAILED', error: 'States.Runtime', cause: tooManyEvents });
    return id;
  }
}

const tooManyEvents = `The execution reached the maximum number of history events (${maxEvents}).`;

const eventOf = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  ABORTED: 'ExecutionAborted',
  TIMED_OUT: 'ExecutionTimedOut',
} as const satisfies Record<Ending['status'], string>;

const endings: ReadonlySet<string> = new Set(Object.values(eventOf));

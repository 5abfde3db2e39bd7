/** What one step of the doctor found out. `skipped`: the step was not examined, and `what` says why. */
export type Finding = {
  readonly step: Step;
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped';
  /** One sentence: what was seen. */
  readonly what: string;
  /** What to do about it, with a command. Only for `warn` and `fail`. */
  readonly remedy?: string;
};

/** The steps in their order, and what each of them proves. */
export const steps = {
  address: 'the address answers, over TLS',
  clock: 'this machine has the time of the API',
  key: 'the key is accepted, may generate and has credits',
  upload: 'a task is created, and its picture is uploaded with the form',
  event: 'the event of the upload starts the task',
  workflow: 'the workflow takes the task to its end',
  result: 'the link to the result works, without a key',
  callback: 'the callback of the task arrives',
  signature: 'the callback is signed with the secret of the account',
  replay: 'a repeated create returns the same task',
  sandbox: 'each effect of the sandbox provider does what it says',
  reconciler: 'the reconciler runs every minute',
  canary: 'the canary runs, when it is turned on',
  providers: 'a provider has a key and accepts it',
  quotas: 'the AWS account can run as much as the stack lets in',
  alarms: 'somebody gets the alarms',
} as const;

export type Step = keyof typeof steps;

export const ok = (step: Step, what: string): Finding => ({ step, state: 'ok', what });

export const warn = (step: Step, what: string, remedy: string): Finding => ({
  step,
  state: 'warn',
  what,
  remedy,
});

export const fail = (step: Step, what: string, remedy: string): Finding => ({
  step,
  state: 'fail',
  what,
  remedy,
});

export const skipped = (step: Step, what: string): Finding => ({ step, state: 'skipped', what });

/** The remedy for what only the logs can explain. */
export const seeErrors = `See why: ask 'filter level = "ERROR" | sort @timestamp desc | limit 20' (docs/runbook.md defines the command ask)`;

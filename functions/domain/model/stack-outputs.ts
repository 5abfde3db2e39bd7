/** What a deployment prints: the outputs of the stack, by their names. */
export type Outputs = {
  readonly Url: string;
  /** A domain has to be a CNAME of it. Absent: there is no domain. */
  readonly DomainTarget?: string | undefined;
  /** The secret with the keys of the providers. */
  readonly ProviderKeys: string;
  /** The command that makes an account and its first key. */
  readonly FirstKey: string;
  /** The command that prints a link to the console. */
  readonly ConsoleLink: string;
  /** The command that stores the key of the canary; absent: there is no canary. */
  readonly CanaryKey?: string | undefined;
  /** How many requests a second the API lets in. */
  readonly RateLimit: string;
  /** The topic that alarms are sent to; absent: nobody gets them. */
  readonly AlarmTopic?: string | undefined;
  /** For `npm run restore`: the tables in use, as JSON; the state machine, and the function that repairs tasks. */
  readonly TableNames: string;
  readonly StateMachine: string;
  readonly Reconciler: string;
};

export type OutputName = keyof Outputs;

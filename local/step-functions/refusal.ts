type Code =
  | 'AccessDeniedException'
  | 'ExecutionAlreadyExists'
  | 'ExecutionDoesNotExist'
  | 'InvalidExecutionInput'
  | 'InvalidName'
  | 'InvalidOutput'
  | 'InvalidToken'
  | 'SerializationException'
  | 'StateMachineDoesNotExist'
  | 'TaskDoesNotExist'
  | 'TaskTimedOut'
  | 'UnknownOperationException'
  | 'ValidationException';

/** An error that is an answer: the SDK makes the exception of that name from it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }

  toJSON() {
    // Whoever lets people in answers for all services, and words it with a capital.
    if (this.code === 'AccessDeniedException')
      return { __type: `com.amazon.coral.service#${this.code}`, Message: this.message };
    return { __type: `com.amazonaws.sfn#${this.code}`, message: this.message };
  }
}

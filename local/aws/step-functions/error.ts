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

/** An error response: the SDK turns it into the exception of that name. */
export class StepFunctionsError extends Error {
  override readonly name = 'StepFunctionsError';
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }

  toJSON() {
    // The front end that all AWS services share sends this error, and spells `Message` with a capital.
    if (this.code === 'AccessDeniedException')
      return { __type: `com.amazon.coral.service#${this.code}`, Message: this.message };
    return { __type: `com.amazonaws.sfn#${this.code}`, message: this.message };
  }
}

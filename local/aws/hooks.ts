import type { HandledRequest } from './http-api/http-api.ts';
import type { Intercept } from './json-server.ts';
import type { InterceptEvent } from './lambda/intercept-event.ts';
import type { PreludeOf } from './lambda/prelude.ts';
import type { ExecutionEvent } from './step-functions/history.ts';

/** Hooks to observe the running stack. Tests also inject faults with them. */
export type Hooks = {
  /** What runs in every sandbox before its function. */
  readonly prelude?: PreludeOf | undefined;
  readonly interceptEvent?: InterceptEvent | undefined;
  /** Called instead of an operation of Step Functions. */
  readonly interceptRequest?: Intercept | undefined;
  /** Called for every event of every execution's history. */
  readonly onTransition?: ((event: ExecutionEvent) => void) | undefined;
  /** Called when a request to the HTTP API has its response. */
  readonly onRequest?: ((request: HandledRequest) => void) | undefined;
  /** Gets every line that a function logs, besides the file. */
  readonly onLog?: ((source: string, line: string) => void) | undefined;
};

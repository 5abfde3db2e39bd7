import type { Context } from '../../../local/aws/template/intrinsics.ts';
import type { LocalStackOptions } from '../../../local/local-stack.ts';
import { dataInLine } from './emitted-metrics.ts';
import type { Datum } from './evaluate-alarm.ts';
import { responseTimes } from './response-times.ts';

type Observer = Required<Pick<LocalStackOptions, 'onLog' | 'onRequest' | 'onTransition'>>;

/** The resources whose metrics are written: by their ids in the dimensions, and the template that has them. */
type Resources = {
  readonly apiId: string;
  readonly stateMachineArn: string;
  readonly context: Context;
};

/**
 * Collects the numbers that the functions of a local stack log, and writes those that AWS itself would write: errors of
 * functions, ends of executions, error responses of the API, and how long responses take on this machine. Throttles are
 * missing, because the local stack has none.
 */
export function observedMetrics(now: () => number) {
  const data: Datum[] = [];
  let resources: Resources | undefined;
  let timesOf: ReturnType<typeof responseTimes> | undefined;
  const write = (
    namespace: string,
    metricName: string,
    dimensions: Datum['dimensions'],
    value = 1,
  ) => data.push({ namespace, metricName, dimensions, at: now(), value });

  const observer: Observer = {
    onLog: (source, line) => {
      data.push(...dataInLine(line));
      if (isInvokeError(line)) write('AWS/Lambda', 'Errors', { FunctionName: source });
    },
    onTransition: ({ type }) => {
      const metricName = executionMetrics[type];
      if (!resources || !metricName) return;
      write('AWS/States', metricName, { StateMachineArn: resources.stateMachineArn });
    },
    onRequest: (request) => {
      const at = now();
      data.push(...(timesOf?.(request) ?? []).map((one) => ({ ...one, at })));
      if (!resources || request.status < 500) return;
      write('AWS/ApiGateway', '5xx', { ApiId: resources.apiId });
    },
  };
  return {
    data,
    observer,
    /** From now on, metrics of these resources are written, too. */
    observe: (found: Resources): void => {
      resources = found;
      timesOf = responseTimes(found.context);
    },
    /** Has to be called for every run of a function. */
    invoked: (functionName: string): void => {
      write('AWS/Lambda', 'Invocations', { FunctionName: functionName });
    },
  };
}

const executionMetrics: Readonly<Record<string, string>> = {
  ExecutionStarted: 'ExecutionsStarted',
  ExecutionSucceeded: 'ExecutionsSucceeded',
  ExecutionFailed: 'ExecutionsFailed',
  ExecutionTimedOut: 'ExecutionsTimedOut',
  ExecutionAborted: 'ExecutionsAborted',
};

/** Whether the line is the local stack's own, about an invocation that failed. */
const isInvokeError = (line: string): boolean =>
  line.startsWith('{"level":"ERROR","message":"Invoke Error"');

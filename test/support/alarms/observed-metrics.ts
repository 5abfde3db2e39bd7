import type { LocalStackOptions } from '../../../local/local-stack.ts';
import { dataInLine } from './emitted-metrics.ts';
import type { Datum } from './evaluate-alarm.ts';

type Observer = Required<Pick<LocalStackOptions, 'onLog' | 'onRequest' | 'onTransition'>>;

/** The resources whose metrics are written: by their ids in the dimensions. */
type Resources = { readonly apiId: string; readonly stateMachineArn: string };

/**
 * Collects the numbers that the functions of a local stack log, and writes those that AWS would write about what it
 * sees: errors of functions, ends of executions, responses of the API that are errors. What a machine at home cannot
 * know is not among them: throttles, and how long a response takes.
 */
export function observedMetrics(now: () => number) {
  const data: Datum[] = [];
  let resources: Resources | undefined;
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
    onRequest: ({ status }) => {
      if (resources && status >= 500) write('AWS/ApiGateway', '5xx', { ApiId: resources.apiId });
    },
  };
  return {
    data,
    observer,
    /** From now on, metrics of these resources are written, too. */
    observe: (found: Resources): void => {
      resources = found;
    },
    /** A run of a function that somebody else has seen. */
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

import { randomUUID } from 'node:crypto';
import { accountId, region } from '../template/physical-names.ts';
import type { EventRule } from '../template/read-event-rules.ts';
import { matches } from './event-pattern.ts';

/** The part of an event that a service sends; the bus adds the rest of the envelope. */
export type ServiceEvent = {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: object;
};

export type EventBus = {
  /** Delivers the event to the functions of all matching rules, and does not wait for them. */
  publish(event: ServiceEvent): void;
  /** Replaces the rules. */
  update(rules: readonly EventRule[]): void;
  close(): void;
};

type Options = {
  readonly rules: readonly EventRule[];
  readonly deliver: (functionArn: string, event: unknown) => void;
  readonly now?: () => number;
};

/** EventBridge's default bus, for the events of the local services. */
export function eventBus({ deliver, now = Date.now, ...options }: Options): EventBus {
  let { rules } = options;
  let isClosed = false;
  return {
    publish(event) {
      if (isClosed) return;
      const whole = {
        version: '0',
        id: randomUUID(),
        account: accountId,
        time: `${new Date(now()).toISOString().slice(0, 19)}Z`,
        region,
        ...event,
      };
      for (const rule of rules.filter(({ pattern }) => matches(pattern, whole))) {
        deliver(rule.functionArn, 'input' in rule ? rule.input : whole);
      }
    },
    update(next) {
      rules = next;
    },
    close() {
      isClosed = true;
    },
  };
}

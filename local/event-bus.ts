import { randomUUID } from 'node:crypto';
import { matches } from './event-pattern.ts';
import { accountId, region } from './template/physical.ts';
import type { EventRule } from './template/read-event-rules.ts';

/** What a service says; the bus adds the rest of the envelope. */
export type ServiceEvent = {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: object;
};

export type EventBus = {
  /** Tells the functions of every rule that it fits. Nobody waits for them. */
  publish(event: ServiceEvent): void;
  close(): void;
};

type Options = {
  readonly rules: readonly EventRule[];
  readonly deliver: (functionArn: string, event: unknown) => void;
  readonly now?: () => number;
};

/** EventBridge's default bus, for what the laptop's own services say. */
export function eventBus({ rules, deliver, now = Date.now }: Options): EventBus {
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
    close() {
      isClosed = true;
    },
  };
}

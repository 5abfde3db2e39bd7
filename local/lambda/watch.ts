import type { FunctionDefinition } from '../template/read-functions.ts';
import { type Gate, newGate, openGate } from './gate.ts';
import type { WorkerMessage } from './worker-messages.ts';

/** What becomes of a function at one of its outgoing calls. */
type Fate = 'lives' | 'dies before' | 'dies after';

/** Told of an invocation when it begins; what it answers is told of each outgoing call, and decides. */
export type Watch = (definition: FunctionDefinition, event: unknown) => (call: string) => Fate;

type Guard = {
  readonly gate: Gate;
  /** An event goes in. */
  begin(payload: string): void;
  hear(message: WorkerMessage): void;
};

/** Keeps the gate of one sandbox. */
export function guard(watch: Watch, definition: FunctionDefinition, kill: () => void): Guard {
  const gate = newGate();
  let fateAt: ReturnType<Watch> = () => 'lives';
  const decide = (fate: Fate) => {
    if (fate === 'dies before') kill();
    else openGate(gate, fate === 'dies after');
  };
  return {
    gate,
    begin(payload) {
      fateAt = watch(definition, JSON.parse(payload));
    },
    hear(message) {
      if (message.kind === 'calling') decide(fateAt(message.call));
      else if (message.kind === 'called') kill();
    },
  };
}

import * as z from 'zod';
import { readDefinition } from '../step-functions/read-definition.ts';
import { type Context, nameOf } from './intrinsics.ts';
import { refOf } from './physical-names.ts';
import { readResources } from './read-resources.ts';

export type MachineDefinition = {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn?: string | undefined;
  /** Amazon States Language, as an object. */
  readonly definition: unknown;
};

/** What is read of state machines. */
export const machineSchema = {
  types: ['AWS::StepFunctions::StateMachine'],
  read: {
    RoleArn: z.string().optional(),
    DefinitionString: z.string().optional(),
    Definition: z.record(z.string(), z.unknown()).optional(),
    StateMachineType: z
      .literal('STANDARD', 'the local stack runs standard workflows only')
      .optional(),
  },
  ignored: {
    EncryptionConfiguration: 'data is stored unencrypted on this machine',
    LoggingConfiguration: 'GetExecutionHistory tells what an execution did',
    Tags: 'tags change nothing',
    TracingConfiguration: 'nothing is traced here',
  },
};

/** The state machines of the template. */
export function machinesOf(context: Context): readonly MachineDefinition[] {
  const machines = readResources(context, machineSchema);
  return machines.map(({ id, type, properties: { RoleArn, DefinitionString, Definition } }) => {
    const name = nameOf(id, context);
    const definition = DefinitionString === undefined ? Definition : parse(id, DefinitionString);
    if (definition === undefined) throw new Error(`${id}: the definition is not in the template`);
    return { id, name, arn: refOf(type, name) ?? name, roleArn: RoleArn, definition };
  });
}

/** @throws {Error} that names the first machine that would not work here, and everything that is wrong in it */
export function checkMachines(machines: readonly MachineDefinition[]): void {
  for (const { id, definition } of machines) {
    try {
      readDefinition(definition);
    } catch (cause) {
      throw new Error(`${id}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}

function parse(id: string, definition: string): unknown {
  try {
    return JSON.parse(definition);
  } catch (cause) {
    throw new Error(`${id}: the definition is not JSON`, { cause });
  }
}

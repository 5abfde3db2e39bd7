import * as z from 'zod';
import { type Context, nameOf } from './intrinsics.ts';
import { refOf } from './physical.ts';
import { readResources } from './read-resources.ts';

export type MachineDefinition = {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn?: string | undefined;
  /** Amazon States Language, as an object. */
  readonly definition: unknown;
};

/** The state machines of the template. */
export function machinesOf(context: Context): readonly MachineDefinition[] {
  const machines = readResources(context, ['AWS::StepFunctions::StateMachine'], {
    RoleArn: z.string().optional(),
    DefinitionString: z.string().optional(),
    Definition: z.record(z.string(), z.unknown()).optional(),
  });
  return machines.map(({ id, type, properties: { RoleArn, DefinitionString, Definition } }) => {
    const name = nameOf(id, context);
    const definition = DefinitionString === undefined ? Definition : JSON.parse(DefinitionString);
    if (definition === undefined) throw new Error(`${id}: the definition is not in the template`);
    return { id, name, arn: refOf(type, name) ?? name, roleArn: RoleArn, definition };
  });
}

import type { Context } from '../local/aws/template/intrinsics.ts';
import type { FunctionDefinition } from '../local/aws/template/read-functions.ts';
import { readTemplate } from '../local/aws/template/template.ts';

/** The context of a synthesised stack, as if it were deployed. Its addresses are placeholders. */
export function contextOf(outdir: string): Context {
  const template = readTemplate(outdir);
  const apis = Object.entries(template.resources).flatMap(([id, { Type }]) =>
    Type === 'AWS::ApiGatewayV2::Api' ? [[id, { ApiEndpoint: 'https://api.example.com' }]] : [],
  );
  return {
    template,
    parameters: { DashScopeUrl: 'https://provider.example.com' },
    attributes: Object.fromEntries(apis),
  };
}

/** The function of an entry. @throws {Error} when there is none */
export function functionOf(
  functions: readonly FunctionDefinition[],
  entry: string,
): FunctionDefinition {
  const found = functions.find(({ description }) => description === entry);
  if (!found) throw new Error(`the stack has no function ${entry}`);
  return found;
}

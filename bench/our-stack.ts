import type { Context } from '../local/template/intrinsics.ts';
import type { FunctionDefinition } from '../local/template/read-functions.ts';
import { readTemplate } from '../local/template/template.ts';

/** A synthesised stack as if it were deployed; where it is reached matters to nobody here. */
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

/** The function that is made of this file. @throws {Error} when there is none */
export function described(
  functions: readonly FunctionDefinition[],
  entry: string,
): FunctionDefinition {
  const found = functions.find(({ description }) => description === `functions/${entry}.ts`);
  if (!found) throw new Error(`the stack has no ${entry}`);
  return found;
}

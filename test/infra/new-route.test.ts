import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LoadedRoute, loadRoutes } from '../../functions/api/routes.ts';
import { openApiDocument } from '../../functions/openapi/document.ts';
import { buildBundles } from '../../infra/bundles.ts';
import { DarkroomStack } from '../../infra/stack.ts';
import { stageNamed } from '../../infra/stage.ts';
import { bodyOf, event } from '../unit/runtime/event.ts';
import { newApp } from './synthesised.ts';

// A declaration and a handler are all that a new route of an existing function takes. The route lies in a
// temporary folder inside the project, because it imports from the project like any other.

const root = fileURLToPath(new URL('../..', import.meta.url));
const key = 'GET /v1/echo/{word}';

const declaration = `
import * as z from 'zod';
import { defineRoute, type RouteDocs } from '../../../functions/runtime/route.ts';

export const response = z.strictObject({ word: z.string() }).describe('The word');

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/v1/echo/{word}',
  function: 'service',
  access: 'public',
  params: { word: { description: 'Any word', schema: { type: 'string' }, example: 'hello' } },
  errors: [],
});

export const docs = (): RouteDocs => ({
  id: 'echo',
  tag: 'Service',
  summary: 'Return a word',
  description: 'For a test.',
  response: { name: 'Echo', description: 'The word', examples: { hello: { word: 'hello' } } },
});
`;
const handler = `
import { serve } from '../../../functions/runtime/http.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ params }) => ({ body: { word: params.word } }));
`;

const withoutAccess = `
import { defineRoute } from '../../../functions/runtime/route.ts';

export const route = defineRoute<undefined>()({
  method: 'GET',
  path: '/v1/secrets',
  function: 'service',
  errors: [],
});
`;

let directory = '';
let routes: readonly LoadedRoute[] = [];

beforeAll(async () => {
  mkdirSync(join(root, '.local'), { recursive: true });
  directory = mkdtempSync(join(root, '.local/new-route-'));
  mkdirSync(join(directory, 'echo'));
  writeFileSync(join(directory, 'echo/route.ts'), declaration);
  writeFileSync(join(directory, 'echo/handler.ts'), handler);
  routes = [...(await loadRoutes()), ...(await loadRoutes(join(directory, 'echo')))];
  mkdirSync(join(directory, 'without-access'));
  writeFileSync(join(directory, 'without-access/route.ts'), withoutAccess);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a new route of an existing function', () => {
  test('is found by its declaration', async () => {
    expect(routes.filter(({ folder }) => folder.startsWith(directory))).toHaveLength(1);
  });

  test('is rejected when another route has its method and path, whatever the parameters are called', async () => {
    const twins = join(directory, 'twins');
    const deeper = declaration.replace('../../../', '../../../../');
    for (const [folder, text] of [
      ['a', deeper],
      ['b', deeper.replaceAll('word', 'text')],
    ] as const) {
      mkdirSync(join(twins, folder), { recursive: true });
      writeFileSync(join(twins, folder, 'route.ts'), text);
    }

    await expect(loadRoutes(twins)).rejects.toThrow('GET /v1/echo/{} is declared twice');
  });

  test('is in the template, served by that function, and brings no function of its own', () => {
    const before = templateOf(routes.filter(({ folder }) => !folder.startsWith(directory)));
    const after = templateOf(routes);

    expect(after.routeKeys.filter((one) => !before.routeKeys.includes(one))).toEqual([key]);
    expect(after.functions).toBe(before.functions);
  });

  test('is in the OpenAPI document', () => {
    expect(openApiDocument(routes)).toMatchObject({
      paths: { '/v1/echo/{word}': { get: { operationId: 'echo', security: [] } } },
      components: { schemas: { Echo: { description: 'The word' } } },
    });
  });

  test('answers from the bundle of that function, beside the routes that were there', async () => {
    const temporary = mkdtempSync(join(directory, 'bundles-'));
    vi.stubEnv('TMPDIR', temporary);
    const bundles = await buildBundles(routes).finally(vi.unstubAllEnvs);
    const { handler: serve } = createRequire(import.meta.url)(
      join(bundles, 'api/service/index.cjs'),
    );

    const echoed = await serve(event({ routeKey: key, pathParameters: { word: 'hello' } }));
    const health = await serve(event({ routeKey: 'GET /healthz' }));

    expect([echoed.statusCode, bodyOf(echoed)]).toEqual([200, { word: 'hello' }]);
    expect([health.statusCode, bodyOf(health)]).toEqual([200, { status: 'ok' }]);
  });
});

test('a route without access does not compile', () => {
  const config = join(directory, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*/route.ts', '*/handler.ts'] }),
  );

  const problems = compile(config);

  expect(problems.filter((line) => line.includes('/echo/'))).toEqual([]);
  expect(problems.join('\n')).toMatch(/without-access\/route\.ts[\s\S]*'access' is missing/);
}, 60_000);

/** The lines of the compiler's output, with paths from the root of the project. */
function compile(config: string): readonly string[] {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config], {
      cwd: root,
      encoding: 'utf8',
    });
    return [];
  } catch (error) {
    const { stdout } = error as { readonly stdout: string };
    return stdout.replaceAll(relative(root, directory), '').split('\n');
  }
}

function templateOf(those: readonly LoadedRoute[]) {
  const app = newApp();
  new DarkroomStack(app, 'Darkroom', { stage: stageNamed('local'), routes: those });
  const { template } = app.synth().getStackByName('Darkroom');
  rmSync(app.outdir, { recursive: true });
  const resources: { Type: string; Properties: { RouteKey?: string } }[] = Object.values(
    template.Resources,
  );
  return {
    routeKeys: resources.flatMap(({ Properties }) => Properties?.RouteKey ?? []),
    functions: resources.filter(({ Type }) => Type === 'AWS::Lambda::Function').length,
  };
}

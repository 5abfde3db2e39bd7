import { join } from 'node:path';
import { readEnv } from '../runtime/env.ts';
import { originsOf, staticFiles } from './static-files.ts';

const env = readEnv('api/console');

/** The built console: the files beside the bundle (infra/console.ts). */
export const consoleFiles = staticFiles(
  // A bundle is CommonJS, so `__dirname` exists.
  join(__dirname, 'files'),
  originsOf(env.PICTURE_ORIGINS, env.AWS_ENDPOINT_URL_S3),
);

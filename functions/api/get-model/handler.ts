import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { modelViewNamed } from '../list-models/view.ts';
import { route } from './route.ts';

const env = readEnv('api/read-account');

export const handler = serve(
  route,
  async ({ params }) => ({ body: modelViewNamed(params.model, env.MODEL_ALIASES) }),
  callers,
);

import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { modelViewNamed } from '../list-models/view.ts';
import { route } from './route.ts';

const env = readEnv('api/read-account');
const settings = { aliases: env.MODEL_ALIASES, prices: env.MODEL_PRICES };

export const handler = serve(
  route,
  async ({ params }) => ({ body: modelViewNamed(params.model, settings) }),
  callers,
);

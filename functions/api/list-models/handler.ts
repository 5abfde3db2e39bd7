import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { route } from './route.ts';
import { modelsView } from './view.ts';

const env = readEnv('api/read-account');

const settings = { aliases: env.MODEL_ALIASES, prices: env.MODEL_PRICES };

export const handler = serve(route, async () => ({ body: modelsView(settings) }), callers);

import { serve } from '../../runtime/http.ts';
import { callers } from '../callers.ts';
import { route } from './route.ts';
import { modelsView } from './view.ts';

export const handler = serve(route, async () => ({ body: modelsView() }), callers);

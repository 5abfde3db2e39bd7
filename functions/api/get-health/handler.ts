import { serve } from '../../runtime/http.ts';
import { route } from './route.ts';

export const handler = serve(route, async () => ({ body: { status: 'ok' as const } }));

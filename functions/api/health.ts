import { openRoute } from '../runtime/http.ts';

export const handler = openRoute(async () => ({ status: 200, body: { status: 'ok' } }));

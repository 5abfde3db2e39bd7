import document from '../../docs/openapi.json' with { type: 'json' };
import { openRoute } from '../runtime/http.ts';

// It changes with a deployment alone.
const headers = { 'cache-control': 'public, max-age=3600' };

export const handler = openRoute(async () => ({ status: 200, headers, body: document }));

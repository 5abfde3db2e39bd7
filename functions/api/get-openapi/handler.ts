import document from '../../../docs/openapi.json' with { type: 'json' };
import { serve } from '../../runtime/http.ts';
import { route } from './route.ts';

// The document changes only with a deployment.
const headers = { 'cache-control': 'public, max-age=3600' };

export const handler = serve(route, async () => ({ headers, body: document }));

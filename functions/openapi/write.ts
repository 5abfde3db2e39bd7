import { writeFileSync } from 'node:fs';
import { loadRoutes } from '../api/routes.ts';
import { openApiDocument } from './document.ts';

// `npm run openapi` rewrites the document.
const file = new URL('../../docs/openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(await loadRoutes()), undefined, 2)}\n`);

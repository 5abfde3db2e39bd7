import { writeFileSync } from 'node:fs';
import { openApiDocument } from './document.ts';

// `npm run openapi`: writes the document anew.
const file = new URL('../../docs/openapi.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);

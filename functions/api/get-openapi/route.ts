import { documentPath } from '../../domain/model/paths.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { Document } from '../service-responses.ts';

export const response = Document;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: documentPath,
  function: 'service',
  access: 'public',
  head: true,
  errors: [],
});

export const docs = (): RouteDocs => ({
  id: 'openApi',
  tag: 'Service',
  summary: 'Read this document',
  description: 'Needs no key.',
  response: {
    name: 'Document',
    description: 'This document',
    headers: {
      'Cache-Control': {
        description: 'It may be kept for an hour',
        required: true,
        schema: { type: 'string' },
        example: 'public, max-age=3600',
      },
    },
    examples: { beginning: { openapi: '3.1.1' } },
  },
});

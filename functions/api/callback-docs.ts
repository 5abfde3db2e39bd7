import type { Json, RouteDocs } from '../runtime/route.ts';

type SignedCallback = {
  readonly id: string;
  readonly tag: RouteDocs['tag'];
  readonly summary: string;
  readonly description: string;
  readonly eventId: string;
  /** The name of the body's schema in `components/schemas`. */
  readonly schema: string;
  readonly examples: Json;
};

const header = (name: string, description: string, example: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
  example,
});

/** A request that this API sends to an address from a caller's request, signed as the Standard Webhooks specification says. */
export const signedCallback = (
  address: string,
  { id, tag, summary, description, eventId, schema, examples }: SignedCallback,
): Json => ({
  [address]: {
    post: {
      operationId: id,
      tags: [tag],
      summary,
      description,
      security: [],
      parameters: [
        header('webhook-id', 'The same for every attempt', eventId),
        header('webhook-timestamp', 'When it was sent, in unix seconds', '1772443840'),
        header('webhook-signature', 'One signature for each valid secret', 'v1,K5oZ…='),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: `#/components/schemas/${schema}` },
            examples: Object.fromEntries(
              Object.entries(examples).map(([name, value]) => [name, { value }]),
            ),
          },
        },
      },
      responses: { '2XX': { description: 'The callback was received' } },
    },
  },
});

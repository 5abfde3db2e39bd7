import { requestHeaders } from '../../domain/model/http-headers.ts';
import { deliveryFor } from '../../domain/wire/deliver-picture.ts';
import { serve } from '../../runtime/http.ts';
import { openLink } from '../file-link.ts';
import { route } from './route.ts';

export const handler = serve(route, async ({ params: { file }, query, method, headers }) =>
  openLink(
    { file, presentation: 'inline', ...query },
    deliveryFor(method, headers[requestHeaders.authorization]),
  ),
);

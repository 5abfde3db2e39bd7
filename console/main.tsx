import { QueryClientProvider } from '@tanstack/react-query';
import { render } from 'preact';
import { queryClient } from './api/queries.ts';
import { App } from './app.tsx';
import { forgetSecrets } from './parts/shown-once.tsx';
import { forgetDraft } from './screens/create/draft.ts';
import { forgetStarts } from './screens/create/use-run.ts';
import { forgetGrants } from './screens/operator/use-grant.ts';
import { session } from './session/session.ts';

session.onSignOut(() => {
  queryClient.clear();
  forgetDraft();
  forgetStarts();
  forgetGrants();
  forgetSecrets();
});

const root = document.getElementById('root');
if (root) {
  render(
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>,
    root,
  );
}

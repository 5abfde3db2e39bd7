import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { queryClient } from './api/queries.ts';
import { App } from './app.tsx';
import { forgetDraft } from './screens/create/draft.ts';
import { session } from './session/session.ts';

session.onSignOut(() => {
  queryClient.clear();
  forgetDraft();
});

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>,
  );
}

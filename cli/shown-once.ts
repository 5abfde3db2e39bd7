/** What is said below a secret that nobody can look up again. */
export const keyShownOnce =
  'The API key is shown this once: only its hash is kept. Put it where you keep secrets.';
export const secretShownOnce =
  'The webhook secret is shown this once. Put it where your callbacks are checked.';

/** What the routes of the console have in common. They are not part of the API, so the OpenAPI document leaves them out. */
export const consoleRoute = {
  method: 'GET',
  function: 'console',
  access: 'public',
  head: true,
  // Anybody may load the console without a key, so a limit of its own protects what callers of the API need. A first visit
  // is six requests.
  throttle: { requestsPerSecond: 20, burst: 60 },
} as const;

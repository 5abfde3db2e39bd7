/** What a route may get: a steady number of requests a second, and how many at once beyond that. */
export type ThrottleSettings = { readonly rate: number; readonly burst: number };

export type Throttling = {
  /** For every route that has no settings of its own. */
  readonly default: ThrottleSettings;
  readonly routes: Readonly<Record<string, ThrottleSettings>>;
};

/** The limits of an account, which hold where a stage sets none. */
export const accountLimits: ThrottleSettings = { rate: 10_000, burst: 5000 };

type Bucket = { tokens: number; filledAt: number };

/**
 * API Gateway's throttle: a token bucket for each route, which holds `burst` tokens and gets `rate` new ones a
 * second. The returned function takes a token, and says whether there was one.
 */
export function throttle(throttling: Throttling, now: () => number, speed = 1) {
  const buckets = new Map<string, Bucket>();
  return (routeKey: string): boolean => {
    const { rate, burst } = throttling.routes[routeKey] ?? throttling.default;
    const at = now();
    const { tokens, filledAt } = buckets.get(routeKey) ?? { tokens: burst, filledAt: at };
    const newTokens = (Math.max(0, at - filledAt) / 1000) * rate * speed;
    const filled = Math.min(burst, tokens + newTokens);
    const isAllowed = filled >= 1;
    buckets.set(routeKey, { tokens: isAllowed ? filled - 1 : filled, filledAt: at });
    return isAllowed;
  };
}

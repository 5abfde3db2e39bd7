/**
 * The attempts of the published contract, which the state machine makes: after the first one it pauses 1, 2 and 4
 * seconds. The reconciler makes those after them.
 */
export const quickAttempts = 4;

/** How long one attempt may take, by the contract. */
export const attemptTimeoutMs = 10_000;

/** The id of the event that a callback reports, the same for every attempt. */
export const callbackEventId = (taskId: string): string => `evt-${taskId}`;

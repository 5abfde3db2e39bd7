// How long the functions wait for servers of others on AWS. On one machine those answer at once, so this part of a
// function's duration is modelled. Everything here is an assumption, on the careful side; calls to AWS itself count as
// long as those to the local stack took.

/** Round trips: to a provider on another continent (Virginia to Singapore), and to a caller's server on the same one. */
const roundTripMs = { provider: 220, caller: 60 };
/** TCP, TLS 1.3 and the request itself: connections are not reused from one invocation to the next. */
const roundTripsPerRequest = 3;
/** How long the servers think. */
const serverMs = { acceptJob: 300, pollJob: 100, storage: 50, caller: 200 };
/** A picture of a phone or of a model, and how fast it comes. */
const picture = { megabytes: 2, megabitsPerSecond: { provider: 50, caller: 100 } };

const request = (to: keyof typeof roundTripMs, thinks: number): number =>
  roundTripsPerRequest * roundTripMs[to] + thinks;

const download = (from: keyof typeof roundTripMs): number =>
  request(from, serverMs.storage) +
  (1000 * 8 * picture.megabytes) / picture.megabitsPerSecond[from];

/** The poll of Darkroom that finds out that the job is finished: it settles and notifies as well. */
export const lastPoll = 'last PollTask';

/** By the state that calls the function. The job poller's functions have some of the same names. */
const internetMs: Readonly<Record<string, number>> = {
  PrepareInputs: download('caller'),
  SubmitTask: request('provider', serverMs.acceptJob),
  PollTask: request('provider', serverMs.pollJob),
  [lastPoll]:
    request('provider', serverMs.pollJob) +
    download('provider') +
    request('caller', serverMs.caller),
  SettleTask: download('provider'),
  SaveResult: download('provider'),
  NotifyCaller: request('caller', serverMs.caller),
};

/** How many milliseconds the function of a state, or that of the last poll, waits for servers of others. */
export const internetTimeOf = (kind: string): number => internetMs[kind] ?? 0;

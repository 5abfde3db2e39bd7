// How long functions on AWS wait for the servers of others. On one machine these servers respond at once, so this part of
// a function's duration is modelled. Everything here is an assumption, on the careful side. Calls to AWS itself are not
// modelled: they count with the time that the local stack took.

/** Round trips: to a provider on another continent (Virginia to Singapore), and to a caller's server on the same one. */
const roundTripMs = { provider: 220, caller: 60 };
/** TCP, TLS 1.3 and the request itself: connections are not reused from one invocation to the next. */
const roundTripsPerRequest = 3;
/** How long the servers work on a request. */
const serverMs = { acceptJob: 300, pollJob: 100, storage: 50, caller: 200 };
/** The size of a picture from a phone or a model, and how fast it is downloaded. */
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

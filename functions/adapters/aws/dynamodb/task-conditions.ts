/** When a task may be written. Placeholders that stand for a literal are in `literals`. */
export const conditions = {
  notEnded: '#status IN (:pending, :processing)',
  ended: '#status IN (:completed, :failed)',
  /** Of a deleted task only the deletion of its pictures is recorded. */
  existsNotDeleted: '(attribute_exists(#id) AND #status <> :deleted)',
  deleted: '#status = :deleted',
  sameAccount: '#account = :owner',
  isPending: '#status = :pending',
  /** The first outcome stays: the settlement may have read it already. */
  noOutcome: 'attribute_not_exists(#outcome)',
  notCancelled: 'attribute_not_exists(#cancelledAt)',
  /** No provider has the job, or the one that has it can still cancel it. */
  cancellable: '(#status = :pending OR #cancellable = :true)',
  /**
   * No attempt holds the submit lock. Or the lock is this call's own: the SDK retries a write whose response
   * was lost, and must not take its own lock for that of an earlier attempt with an unknown outcome.
   */
  lockFree: '(attribute_not_exists(#submitLockedAt) OR #lockOwner = :lockOwner)',
  /** No attempt submits the job, or has submitted it. */
  notLocked: 'attribute_not_exists(#submitLockedAt)',
  /** The lock is still the one that was read: no other attempt has taken it over. */
  lockUnchanged: '#submitLockedAt = :lockedAt',
  sameProvider: '#provider = :provider',
  /** No other run of the reconciler has leased this check in the meantime. */
  checkNotLeased: '#nextCheckAt = :expectedCheckAt',
  /** A task without a number is in its first execution. */
  previousExecution:
    '(#execution = :previous OR (attribute_not_exists(#execution) AND :previous = :first))',
  /** No other attempt was recorded since the number of this one was chosen. */
  attemptsUnchanged:
    '(#callbackAttempts = :attemptsBefore OR (attribute_not_exists(#callbackAttempts) AND :attemptsBefore = :none))',
  /** A failed delivery must not hide a successful one that ran at the same time. */
  notDelivered: '(attribute_not_exists(#callback) OR #callback.#state <> :delivered)',
  /** A callback that waits for its first attempt is sent once, however often it is asked for. */
  callbackNotPending: '(attribute_not_exists(#callback) OR #callback.#state <> :pending)',
};

/** What the placeholders of the conditions stand for, where that is always the same. */
export const literals = {
  pending: 'pending',
  processing: 'processing',
  completed: 'completed',
  failed: 'failed',
  deleted: 'deleted',
  delivered: 'delivered',
  first: 1,
  none: 0,
  true: true,
};

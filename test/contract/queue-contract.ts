import { describe, expect, test } from 'vitest';
import type { Lease, QueueStore } from '../../functions/domain/providers/queue-store.ts';
import { sampleTime } from '../support/tasks.ts';

/** Makes an empty queue. */
export type MakeQueue = () => Promise<QueueStore>;

const segment = { pool: 'dashscope/wan2.5-i2i-preview', index: 0 };
const taskId = (n: number) => `task-unified-1790000000-aaaaaaa${n}`;
const queueName = 'dashscope/wan2.5-i2i-preview+fal';
const flow = { queue: queueName, flow: 'acme' };
const lease: Lease = {
  until: sampleTime + 60_000,
  since: sampleTime,
  held: true,
  startAt: sampleTime,
};
const terms = { slots: 2, now: sampleTime };
const place = (n: number) => ({ ...flow, since: sampleTime + n, taskId: taskId(n) });

/** What every store of the queue guarantees. */
export function queueContract(make: MakeQueue): void {
  describe('slots', () => {
    test('nobody has a slot of a segment that nothing was written to', async () => {
      const queue = await make();
      expect(await queue.readSlots(segment)).toEqual({
        leases: new Map(),
        queued: new Map(),
        virtualTime: 0,
        nextSubmitAt: 0,
        pausedUntil: 0,
      });
    });

    test('as many tasks have a slot as there are slots', async () => {
      const queue = await make();
      expect(await queue.takeSlot(segment, taskId(1), lease, terms)).toMatchObject({ done: true });
      expect(await queue.takeSlot(segment, taskId(2), lease, terms)).toMatchObject({ done: true });
      const third = await queue.takeSlot(segment, taskId(3), lease, terms);
      expect(third.done).toBe(false);
      expect([...third.row.leases]).toEqual([
        [taskId(1), lease],
        [taskId(2), lease],
      ]);
    });

    test('of many tasks at once exactly as many get a slot as there are slots', async () => {
      const queue = await make();
      const taken = await Promise.all(
        Array.from({ length: 9 }, (_, n) =>
          queue.takeSlot(segment, taskId(n), lease, { ...terms, slots: 4 }),
        ),
      );
      expect(taken.filter(({ done }) => done)).toHaveLength(4);
      expect((await queue.readSlots(segment)).leases.size).toBe(4);
    });

    test('the segments of a pool do not share their slots', async () => {
      const queue = await make();
      const one = { ...terms, slots: 1 };
      expect((await queue.takeSlot(segment, taskId(1), lease, one)).done).toBe(true);
      expect((await queue.takeSlot({ ...segment, index: 1 }, taskId(2), lease, one)).done).toBe(
        true,
      );
    });

    test('a task that has a slot gets no second one', async () => {
      const queue = await make();
      await queue.takeSlot(segment, taskId(1), lease, terms);
      const again = await queue.takeSlot(segment, taskId(1), lease, terms);
      expect(again.done).toBe(false);
      expect(again.row.leases.size).toBe(1);
    });

    test('a limit that was lowered below the taken slots lets nobody in', async () => {
      const queue = await make();
      await queue.takeSlot(segment, taskId(1), lease, terms);
      await queue.takeSlot(segment, taskId(2), lease, terms);
      const { done } = await queue.takeSlot(segment, taskId(3), lease, { ...terms, slots: 1 });
      expect(done).toBe(false);
    });

    test('a newcomer gets no slot as long as somebody waits, but a task that is handed a slot does', async () => {
      const queue = await make();
      await queue.markQueued(segment, queueName, 'mark-1');
      const newcomer = { ...terms, nobodyWaits: true };
      expect((await queue.takeSlot(segment, taskId(1), lease, newcomer)).done).toBe(false);
      expect((await queue.takeSlot(segment, taskId(2), lease, terms)).done).toBe(true);
      await queue.clearQueued(segment, queueName, 'mark-1');
      expect((await queue.takeSlot(segment, taskId(1), lease, newcomer)).done).toBe(true);
    });

    test('a slot is freed once, and freeing it twice frees no other', async () => {
      const queue = await make();
      await queue.takeSlot(segment, taskId(1), lease, terms);
      await queue.takeSlot(segment, taskId(2), lease, terms);
      expect((await queue.releaseSlot(segment, taskId(1))).done).toBe(true);
      const { done, row } = await queue.releaseSlot(segment, taskId(1));
      expect(done).toBe(false);
      expect([...row.leases.keys()]).toEqual([taskId(2)]);
    });

    test('freeing a slot of a segment that nothing was written to frees nothing', async () => {
      const queue = await make();
      expect((await queue.releaseSlot(segment, taskId(1))).done).toBe(false);
    });

    test('a slot that was handed to a task is held when the task takes it up', async () => {
      const queue = await make();
      await queue.takeSlot(segment, taskId(1), { ...lease, held: false }, terms);
      const until = sampleTime + 90_000;
      const { done, row } = await queue.holdSlot(segment, taskId(1), until);
      expect(done).toBe(true);
      expect(row.leases.get(taskId(1))).toEqual({ ...lease, held: true, until });
      expect((await queue.holdSlot(segment, taskId(2), until)).done).toBe(false);
    });

    test('a slot is reclaimed if it is as it was read, and not if it was taken up since', async () => {
      const queue = await make();
      const handed = { ...lease, held: false };
      await queue.takeSlot(segment, taskId(1), handed, terms);
      await queue.takeSlot(segment, taskId(2), handed, terms);
      await queue.holdSlot(segment, taskId(2), lease.until);
      expect((await queue.reclaimSlot(segment, taskId(1), handed)).done).toBe(true);
      expect((await queue.reclaimSlot(segment, taskId(2), handed)).done).toBe(false);
      expect((await queue.reclaimSlot(segment, taskId(3), handed)).done).toBe(false);
    });

    test('a slot that is kept is not freed, and can be reclaimed when its lease is over', async () => {
      const queue = await make();
      await queue.takeSlot(segment, taskId(1), lease, terms);
      const until = sampleTime + 90_000;
      await queue.keepSlot(segment, taskId(1), until);
      const { done, row } = await queue.releaseSlot(segment, taskId(1));
      expect(done).toBe(false);
      const kept = { ...lease, until, unknown: true };
      expect(row.leases.get(taskId(1))).toEqual(kept);
      expect((await queue.reclaimSlot(segment, taskId(1), kept)).done).toBe(true);
    });

    test('no slot is given before the end of a pause', async () => {
      const queue = await make();
      await queue.pause(segment, sampleTime + 5000);
      const at = (now: number) => queue.takeSlot(segment, taskId(1), lease, { ...terms, now });
      expect((await at(sampleTime + 4999)).done).toBe(false);
      expect((await at(sampleTime + 5000)).done).toBe(true);
    });

    test('a pause is lengthened, and never shortened', async () => {
      const queue = await make();
      const pauses = [];
      for (const ms of [5000, 60_000, 6000, 70_000]) {
        await queue.pause(segment, sampleTime + ms);
        pauses.push((await queue.readSlots(segment)).pausedUntil - sampleTime);
      }
      expect(pauses).toEqual([5000, 60_000, 60_000, 70_000]);
    });
  });

  describe('the rate of submits', () => {
    test('a slot is given for now only if no submit is reserved for later', async () => {
      const queue = await make();
      const submitAt = (n: number, now: number) =>
        queue.takeSlot(segment, taskId(n), lease, {
          slots: 9,
          now,
          submit: { next: now + 200 },
        });
      expect((await submitAt(1, sampleTime)).row.nextSubmitAt).toBe(sampleTime + 200);
      expect((await submitAt(2, sampleTime + 199)).done).toBe(false);
      expect((await submitAt(3, sampleTime + 200)).done).toBe(true);
    });

    test('of several tasks that have read the same row, one reserves the next submit', async () => {
      const queue = await make();
      const reserve = (n: number, seen: number) =>
        queue.takeSlot(segment, taskId(n), lease, {
          slots: 9,
          now: sampleTime,
          submit: { seen, next: seen + 200 },
        });
      const first = await Promise.all([reserve(1, 0), reserve(2, 0), reserve(3, 0)]);
      expect(first.filter(({ done }) => done)).toHaveLength(1);
      expect((await reserve(4, 200)).row.nextSubmitAt).toBe(400);
      expect((await reserve(5, 200)).done).toBe(false);
    });
  });

  describe('the tasks that wait', () => {
    test('the mark of a queue is removed, unless somebody has entered since', async () => {
      const queue = await make();
      await queue.markQueued(segment, queueName, 'mark-1');
      await queue.markQueued(segment, 'fal', 'mark-2');
      const { queued } = await queue.markQueued(segment, queueName, 'mark-3');
      expect(queued).toEqual(
        new Map([
          ['fal', 'mark-2'],
          [queueName, 'mark-3'],
        ]),
      );
      await queue.clearQueued(segment, queueName, 'mark-1');
      await queue.clearQueued(segment, 'fal', 'mark-2');
      expect((await queue.readSlots(segment)).queued).toEqual(new Map([[queueName, 'mark-3']]));
    });

    test('a flow begins at the virtual time, and never goes back to it', async () => {
      const queue = await make();
      await queue.enterFlow(flow, 5000, 'mark-1');
      await queue.enterFlow({ ...flow, flow: 'other~bulk' }, 7000, 'mark-2');
      await queue.enterFlow(flow, 4000, 'mark-3');
      await queue.enterFlow({ ...flow, flow: 'other~bulk' }, 8000, 'mark-4');
      await queue.enterFlow({ queue: 'fal', flow: 'acme' }, 1, 'mark-5');
      expect(await queue.flows(queueName)).toEqual([
        { ...flow, virtualTime: 5000, servedAt: 0, mark: 'mark-3' },
        { ...flow, flow: 'other~bulk', virtualTime: 8000, servedAt: 0, mark: 'mark-4' },
      ]);
    });

    test('of two that have read the same flow, one takes the turn; a turn can be given back', async () => {
      const queue = await make();
      await queue.enterFlow(flow, 1000, 'mark-1');
      const [seen] = await queue.flows(queueName);
      if (!seen) throw new Error('the flow is missing');
      expect(await queue.takeTurn(seen, 2000, sampleTime)).toBe(true);
      expect(await queue.takeTurn(seen, 2000, sampleTime)).toBe(false);
      expect(await queue.flows(queueName)).toEqual([
        { ...seen, virtualTime: 2000, servedAt: sampleTime },
      ]);
      await queue.returnTurn(flow, 1000);
      expect(await queue.flows(queueName)).toMatchObject([{ virtualTime: 1000 }]);
    });

    test('a flow is deleted if it is as it was read, and not if somebody has entered or was served since', async () => {
      const queue = await make();
      await queue.enterFlow(flow, 1000, 'mark-1');
      const [seen] = await queue.flows(queueName);
      if (!seen) throw new Error('the flow is missing');
      await queue.forgetFlow({ ...seen, virtualTime: 999 });
      await queue.enterFlow(flow, 1000, 'mark-2');
      await queue.forgetFlow(seen);
      expect(await queue.flows(queueName)).toHaveLength(1);
      await queue.forgetFlow({ ...seen, mark: 'mark-2' });
      await queue.forgetFlow({ ...seen, mark: 'mark-2' });
      expect(await queue.flows(queueName)).toEqual([]);
    });

    test('a turn of a deleted flow is neither taken nor given back', async () => {
      const queue = await make();
      expect(
        await queue.takeTurn({ ...flow, virtualTime: 1, servedAt: 0, mark: 'mark-1' }, 2, 3),
      ).toBe(false);
      await queue.returnTurn(flow, 1000);
      expect(await queue.flows(queueName)).toEqual([]);
    });

    test('waiting tasks are found in the order in which they came', async () => {
      const queue = await make();
      for (const n of [3, 1, 2]) await queue.addWaiting({ ...place(n), cost: 1000 });
      await queue.addWaiting({ ...place(0), flow: 'other', cost: 1000 });
      expect(await queue.firstWaiting(flow, 2)).toEqual([
        { ...place(1), cost: 1000 },
        { ...place(2), cost: 1000 },
      ]);
      expect(await queue.allWaitingSince(flow)).toEqual([1, 2, 3].map((n) => sampleTime + n));
      await queue.removeWaiting(place(1));
      await queue.removeWaiting(place(1));
      expect(await queue.allWaitingSince(flow)).toEqual([2, 3].map((n) => sampleTime + n));
      expect(await queue.firstWaiting(flow, 25)).toMatchObject([place(2), place(3)]);
    });

    test('the summary of a queue is the one that was written last, and each queue has its own', async () => {
      const queue = await make();
      expect(await queue.readSummary(queueName)).toBeUndefined();
      const summary = (takenAt: number, count: number) => ({
        waiting: count + 5,
        takenAt,
        flows: [{ flow: 'acme', count, since: [sampleTime, sampleTime + count] }],
      });
      await queue.writeSummary(queueName, summary(sampleTime, 30));
      await queue.writeSummary(queueName, summary(sampleTime + 60_000, 40));
      await queue.writeSummary('fal', { takenAt: sampleTime, flows: [], waiting: 3 });

      expect(await queue.readSummary(queueName)).toEqual(summary(sampleTime + 60_000, 40));
      expect(await queue.readSummary('fal')).toEqual({
        takenAt: sampleTime,
        flows: [],
        waiting: 3,
      });
    });

    test('a waiting task is claimed by one run at a time; the same run may claim it again, and others when the claim is over', async () => {
      const queue = await make();
      await queue.addWaiting({ ...place(1), cost: 1000 });
      const claim = (owner: string, now: number) =>
        queue.claim(place(1), { owner, now, until: now + 30_000 });
      expect(await claim('one', sampleTime)).toBe(true);
      expect(await claim('one', sampleTime)).toBe(true);
      expect(await claim('two', sampleTime + 29_999)).toBe(false);
      expect(await claim('two', sampleTime + 30_000)).toBe(true);
      await queue.unclaim(place(1), 'one');
      expect(await claim('three', sampleTime + 30_001)).toBe(false);
      await queue.unclaim(place(1), 'two');
      expect(await claim('three', sampleTime + 30_001)).toBe(true);
      expect(await queue.claim(place(2), { owner: 'one', now: 0, until: 1 })).toBe(false);
      expect(await queue.firstWaiting(flow, 25)).toHaveLength(1);
    });

    test('a claim that was ended does not prevent the next claim, and does not put a removed task back', async () => {
      const queue = await make();
      await queue.addWaiting({ ...place(1), cost: 1000 });
      await queue.claim(place(1), { owner: 'one', now: sampleTime, until: sampleTime + 30_000 });
      await queue.endClaim(place(1));
      await queue.endClaim(place(2));
      expect(await queue.firstWaiting(flow, 25)).toEqual([{ ...place(1), cost: 1000 }]);
      expect(
        await queue.claim(place(1), { owner: 'two', now: sampleTime, until: sampleTime + 1 }),
      ).toBe(true);
    });

    test('a task that enters again stays claimed', async () => {
      const queue = await make();
      await queue.addWaiting({ ...place(1), cost: 1000 });
      await queue.claim(place(1), { owner: 'one', now: sampleTime, until: sampleTime + 30_000 });
      await queue.addWaiting({ ...place(1), cost: 1000 });
      expect(await queue.firstWaiting(flow, 25)).toEqual([
        { ...place(1), cost: 1000, claimedUntil: sampleTime + 30_000 },
      ]);
    });
  });
}

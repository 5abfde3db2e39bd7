import type { HostedFiles } from '../../functions/domain/files/ports.ts';
import type { HostedFile } from '../../functions/domain/model/hosted-file.ts';

/** The records of hosted files in memory. */
export function memoryFiles(): HostedFiles {
  const records = new Map<string, HostedFile>();
  const removals = new Map<string, number>();
  const isLive = (file: HostedFile, now: number) => file.expiresAt > now;
  const liveOf = (account: string, now: number) =>
    [...records.values()].filter((file) => file.account === account && isLive(file, now));
  const find = (id: string, now: number) => {
    const file = records.get(id);
    return file && isLive(file, now) ? file : undefined;
  };
  return {
    put: async (file, maxFiles) => {
      if ((removals.get(file.id) ?? 0) > file.uploadedAt) return 'deleted';
      const live = liveOf(file.account, file.uploadedAt);
      const isReplaced = live.some(({ id }) => id === file.id);
      if (!isReplaced && live.length >= maxFiles) return 'full';
      const since = Math.min(file.since, find(file.id, file.uploadedAt)?.since ?? file.since);
      records.set(file.id, { ...file, since });
      return 'stored';
    },
    find: async (id, now) => find(id, now),
    findAll: async (ids, now) => ids.flatMap((id) => find(id, now) ?? []),
    list: async (account, now) =>
      liveOf(account, now)
        .map(({ id, uploadedAt }) => ({ id, uploadedAt }))
        .sort((a, b) => b.uploadedAt - a.uploadedAt || (a.id < b.id ? -1 : 1)),
    remove: async (file, now) => {
      const isAsRead = find(file.id, now)?.version === file.version;
      if (!isAsRead) return false;
      records.delete(file.id);
      removals.set(file.id, now);
      return true;
    },
  };
}

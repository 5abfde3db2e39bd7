import * as z from 'zod';
import { maxInputBytes } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { type HostedFile, maxFilesOf, maxUploadBytes } from '../model/hosted-file.ts';
import { maxPageSize } from '../model/ids.ts';
import type { HostedFiles } from './ports.ts';

const pageRule = 'page must be a whole number from 1 to 1000';
const pageSizeRule = `pageSize must be a whole number from 1 to ${maxPageSize}`;
const wholeNumber = (max: number, byDefault: number, rule: string) =>
  z
    .string(rule)
    .regex(/^[1-9]\d{0,3}$/, rule)
    .default(String(byDefault))
    .transform(Number)
    .refine((value) => value <= max, rule);

/** The query of `GET /api/v1/files/list`. */
export const ListFilesQuery = z.object({
  page: wholeNumber(1000, 1, pageRule),
  pageSize: wholeNumber(maxPageSize, 20, pageSizeRule),
});

type Deps = { readonly files: Pick<HostedFiles, 'list' | 'findAll'>; readonly now: Clock };

/** A page of the files of an account, the newest first, and how many there are in all. */
export const listFiles =
  ({ files, now }: Deps) =>
  async (
    { page, pageSize }: z.output<typeof ListFilesQuery>,
    account: string,
  ): Promise<{ readonly total: number; readonly files: readonly HostedFile[] }> => {
    const at = now();
    const all = await files.list(account, at);
    const ids = all.slice((page - 1) * pageSize, page * pageSize).map(({ id }) => id);
    const found = new Map((await files.findAll(ids, at)).map((file) => [file.id, file]));
    return { total: all.length, files: ids.flatMap((id) => found.get(id) ?? []) };
  };

/** How many files an account of this user group has, and may have. */
export const fileQuota =
  ({ files, now }: { readonly files: Pick<HostedFiles, 'list'>; readonly now: Clock }) =>
  async (account: string, userGroup: string) => {
    const used = (await files.list(account, now())).length;
    const max = maxFilesOf(userGroup);
    return {
      user_group: userGroup,
      used_files: used,
      max_files: max,
      remain_files: Math.max(0, max - used),
      max_upload_bytes: maxUploadBytes,
      max_download_bytes: maxInputBytes,
    };
  };

import type { Command } from 'commander';
import { maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import type { DarkroomApi, HostedFile } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { CliError, usageError } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';
import { isAddress, type LocalPicture, readPicture } from '../tasks/pictures.ts';

type Options = ConnectionOptions & { readonly path?: string; readonly fileName?: string };

/** `darkroom upload`: stores pictures for three days, and prints a link to each. */
export function addUpload(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('upload')
      .description('store pictures for 72 hours, and print a link to each')
      .argument('<picture...>', 'files or http(s) addresses')
      .option('--path <path>', 'where to store them, like shop/summer')
      .option(
        '--file-name <name>',
        'the name of the stored file; it replaces one of the same name and path',
      ),
  ).action(async (pictures: readonly string[], options: Options) => {
    if (options.fileName !== undefined && pictures.length > 1) {
      throw usageError('--file-name is for one picture');
    }
    const sources = await Promise.all(
      pictures.map(async (one) => (isAddress(one) ? one : smallEnough(await readPicture(one)))),
    );
    const api = await apiFor(options, terminal);
    const files: HostedFile[] = [];
    for (const source of sources) {
      const { data } = await upload(api, source, options);
      files.push(data);
      // Each is printed when it is there: a later one may fail.
      if (!options.json) terminal.print(data.file_url);
    }
    if (options.json) terminal.print(JSON.stringify(files));
  });
}

function smallEnough(picture: LocalPicture): LocalPicture {
  if (picture.bytes.length <= maxUploadBytes) return picture;
  throw new CliError(
    `${picture.path} is larger than ${maxUploadBytes / 1_000_000} MB, the most that can be stored; \`darkroom generate\` takes it up to 10 MB`,
  );
}

function upload(
  api: DarkroomApi,
  source: string | LocalPicture,
  { path, fileName }: Pick<Options, 'path' | 'fileName'>,
) {
  if (typeof source === 'string') {
    return api.uploadFromAddress({ file_url: source, upload_path: path, file_name: fileName });
  }
  const form = new FormData();
  if (path !== undefined) form.append('upload_path', path);
  if (fileName !== undefined) form.append('file_name', fileName);
  const name = source.path.split(/[/\\]/).at(-1) ?? 'picture';
  form.append('file', new Blob([source.bytes], { type: source.contentType }), name);
  return api.uploadFile(form);
}

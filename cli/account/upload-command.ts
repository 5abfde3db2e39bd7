import type { Command } from 'commander';
import {
  type ImageLimits,
  type Model,
  models,
  widestImageLimits,
} from '../../functions/domain/model/catalogue.ts';
import { hourMs } from '../../functions/domain/model/duration.ts';
import { hostedFileTtlMs, maxUploadBytes } from '../../functions/domain/model/hosted-file.ts';
import type { DarkroomApi, HostedFile } from '../api/api.ts';
import { apiFor, type ConnectionOptions, withConnectionOptions } from '../api/connection.ts';
import { isAddress, type LocalPicture, readPicture } from '../pictures/read-pictures.ts';
import { usageError } from '../program/cli-error.ts';
import type { Terminal } from '../program/terminal.ts';

type Options = ConnectionOptions & {
  readonly path?: string;
  readonly fileName?: string;
  readonly fit: boolean;
};

/** `darkroom upload`: stores pictures for three days, and prints a link to each. */
export function addUpload(program: Command, terminal: Terminal): void {
  withConnectionOptions(
    program
      .command('upload')
      .description(`store pictures for ${hostedFileTtlMs / hourMs} hours, and print a link to each`)
      .argument('<picture...>', 'files or http(s) addresses')
      .option('--no-fit', 'refuse pictures that a task would refuse, instead of changing them')
      .option('--path <path>', 'where to store them, like shop/summer')
      .option(
        '--file-name <name>',
        'the name of the stored file; it replaces one of the same name and path',
      ),
  ).action(async (pictures: readonly string[], options: Options) => {
    if (options.fileName !== undefined && pictures.length > 1) {
      throw usageError('--file-name is for one picture');
    }
    const reading = { fit: options.fit, limits: storedLimits(), onNote: terminal.printNote };
    const sources = await Promise.all(
      pictures.map(async (one) => (isAddress(one) ? one : await readPicture(one, reading))),
    );
    const api = await apiFor(options, terminal);
    const files: HostedFile[] = [];
    for (const source of sources) {
      const { data } = await upload(api, source, options);
      files.push(data);
      // Each link is printed at once, because a later upload may fail.
      if (!options.json) terminal.print(data.file_url);
    }
    if (options.json) terminal.print(JSON.stringify(files));
  });
}

/** The limits of the pictures of any task, except the size: an upload request has less room. */
export const storedLimits = (catalogue: readonly Model[] = models): ImageLimits => ({
  ...widestImageLimits(catalogue),
  maxBytes: maxUploadBytes,
});

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

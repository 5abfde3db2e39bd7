import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// `npm start`. The compiled code and the TypeScript without its types are cached for the next start.
const compiled = fileURLToPath(new URL('../.local/cache/compiled', import.meta.url));

// On Linux the C library gives threads memory from up to eight areas for each core, and one area cannot use the free
// memory of another. The local stack has a thread for each sandbox: with two areas it takes a sixth less memory. The
// library reads the number of areas when a process starts, so this process starts itself again.
if (process.platform === 'linux' && process.env['MALLOC_ARENA_MAX'] === undefined) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  process.execve?.(
    process.execPath,
    [process.execPath, ...process.execArgv, main, ...process.argv.slice(2)],
    { NODE_COMPILE_CACHE: compiled, ...process.env, MALLOC_ARENA_MAX: '2' },
  );
}
enableCompileCache(compiled);
await import('./main.ts');

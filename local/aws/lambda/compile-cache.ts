import { join } from 'node:path';

/** Where the functions of an assembly store what V8 has compiled of them. It may be deleted at any time. */
export const compileCacheOf = (assembly: string): string => join(assembly, '.compile-cache');

import { join } from 'node:path';

/** The directory in which the functions of an assembly store their compiled code. It may be deleted at any time. */
export const compileCacheOf = (assembly: string): string => join(assembly, '.compile-cache');

import dns from 'node:dns';

// For a command that calls the emulator: not every system resolves the names below `localhost`, which its APIs have.

const { lookup } = dns;
Object.defineProperty(dns, 'lookup', {
  value: (hostname: string, ...rest: readonly unknown[]) =>
    Reflect.apply(lookup, dns, [hostname.endsWith('.localhost') ? '127.0.0.1' : hostname, ...rest]),
});

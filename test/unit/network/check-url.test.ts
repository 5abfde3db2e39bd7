import { describe, expect, test } from 'vitest';
import { checkUrl, refusal } from '../../../functions/network/check-url.ts';

const isPrivate = 'must not point to a private address';
const notHttps = 'must be an https address';
const incomplete = 'must be a complete address, like https://example.com/path';
const credentials = 'must not contain a user name or a password';
const port = 'must use the standard port';

describe('what the public must not send us to', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://127.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://0177.0x0.0.1/',
    'https://127.0.0.0x1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://%31%32%37.0.0.1/',
    'https://127.0.0.1\\@example.com/',
    'https:127.0.0.1/',
    'https:\\\\127.0.0.1\\',
    ' https://127.0.0.1/ ',
    'https://127.0.\n0.1/',
    'HTTPS://LOCALHOST/',
    'https://localhost/',
    'https://localhost./',
    'https://ｌｏｃａｌｈｏｓｔ/',
    'https://api.localhost/',
    'https://api.localhost./',
    'https://printer.local/',
    'https://printer.local../',
    'https://ip-10-0-0-1.eu-west-1.compute.internal/',
    'https://instance-data.ec2.internal/latest/meta-data/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.170.2/v2/credentials',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://0/',
    'https://0.0.0.0/',
    'https://00/',
    'https://10.0.0.1/',
    'https://10.1/',
    'https://012.0.0.1/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://3232235521/',
    'https://100.64.0.1/',
    'https://198.18.0.1/',
    'https://192.0.2.1/',
    'https://203.0.113.9/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:1::1]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:a9fe:a9fe::]/',
    'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
    'https://[2001:db8::1]/',
    'https://[3fff::1]/',
    'https://[4000::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[ff02::1]/',
  ])('%j is a private address', (text) => {
    expect(refusal(text)).toBe(isPrivate);
  });

  test.each([
    ['http://example.com/', notHttps],
    ['ftp://example.com/a.png', notHttps],
    ['file:///etc/passwd', notHttps],
    ['data:image/png;base64,AAAA', notHttps],
    ['javascript:alert(1)', notHttps],
    ['gopher://example.com/', notHttps],
    ['blob:https://example.com/1', notHttps],
    ['wss://example.com/', notHttps],
    ['s3://bucket/key', notHttps],
    ['https://user@example.com/', credentials],
    ['https://user:secret@example.com/', credentials],
    ['https://:secret@example.com/', credentials],
    ['https://example.com@127.0.0.1/', credentials],
    ['https://example.com:80/', port],
    ['https://example.com:8443/', port],
    ['https://1.1.1.1:22/', port],
    ['https://[2606:4700:4700::1111]:9001/', port],
    ['https://example.com./', 'must not have a dot at the end of its host name'],
    ['https://intranet/', 'must have a full host name, like example.com'],
    ['', incomplete],
    ['example.com/a.png', incomplete],
    ['//example.com/a.png', incomplete],
    ['https://', incomplete],
    ['https://exa mple.com/', incomplete],
    ['https://example.com:99999/', incomplete],
    ['https://256.0.0.1/', incomplete],
    ['https://1.2.3.4.5/', incomplete],
    ['https://[fe80::1%25eth0]/', incomplete],
    ['https://[::1/', incomplete],
    [`https://example.com/${'a'.repeat(2029)}`, 'must have at most 2048 characters'],
  ])('%j is refused: it %s', (text, reason) => {
    expect(checkUrl(text)).toEqual({ reason });
  });
});

test.each([
  'https://example.com',
  'https://example.com/a.png',
  'https://example.com:443/a.png',
  'HTTPS://Example.COM/A.png?b=c#d',
  'https://sub.domain.example.co.uk/path/',
  'https://bücher.example/bild.jpg',
  'https://xn--bcher-kva.example/',
  'https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=abc',
  'https://example.com/?next=http://127.0.0.1/',
  'https://example.com/@127.0.0.1/',
  'https://localhost.example.com/',
  'https://internal.example.com/',
  'https://mylocal.example/',
  'https://10.example.com/',
  'https://127.0.0.1.example.com/',
  'https://1.1.1.1/',
  'https://8.8.8.8./',
  'https://134744072/',
  'https://[2606:4700:4700::1111]/',
  `https://example.com/${'a'.repeat(2028)}`,
])('%j is allowed', (text) => {
  expect(checkUrl(text)).toEqual({ url: new URL(text) });
});

describe('with http allowed', () => {
  test.each(['http://example.com/', 'http://example.com:80/', 'https://example.com/'])(
    '%s is allowed',
    (text) => {
      expect(refusal(text, { http: true })).toBeUndefined();
    },
  );

  test.each([
    ['http://127.0.0.1/', isPrivate],
    ['http://localhost/', isPrivate],
    ['http://example.com:443/', port],
    ['http://example.com:8080/', port],
    ['ftp://example.com/', 'must be an http or https address'],
  ])('%s is still refused: it %s', (text, reason) => {
    expect(refusal(text, { http: true })).toBe(reason);
  });
});

describe('on the laptop', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.0.0.1:4566/a.png',
    'https://127.0.0.1:8443/',
    'http://localhost:3000/',
    'http://127.1:3000/',
    'https://example.com/',
  ])('%s is allowed', (text) => {
    expect(refusal(text, { loopback: true })).toBeUndefined();
  });

  test.each([
    ['http://127.0.0.2:3000/', notHttps],
    ['https://127.0.0.2/', isPrivate],
    ['https://10.0.0.1/', isPrivate],
    ['https://0.0.0.0/', isPrivate],
    ['https://[::1]/', isPrivate],
    ['https://169.254.169.254/', isPrivate],
    ['https://api.localhost/', isPrivate],
    ['http://localhost.:3000/', notHttps],
    ['http://localhost.example.com/', notHttps],
    ['http://user@127.0.0.1:3000/', credentials],
    ['ftp://127.0.0.1/', notHttps],
    ['ws://localhost:3000/', notHttps],
  ])('%s is refused: it %s', (text, reason) => {
    expect(refusal(text, { loopback: true })).toBe(reason);
  });
});

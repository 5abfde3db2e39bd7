/** Hosts that lead, or once led, to private addresses, by the trick that each of them uses. */
export const hosts = {
  'the machine itself': [
    ...['127.0.0.1', '127.0.0.2', '127.127.127.127', '127.255.255.254', '0.0.0.0', '0.1.2.3'],
    ...['localhost', 'LOCALHOST', 'LocalHost', 'localhost.', 'api.localhost', 'a.b.localhost.'],
  ],
  'one number': [
    ...['2130706433', '2852039166', '3232235521', '167772161', '2886729729', '1681915904'],
    ...['0', '00', '1', '4294967295'],
  ],
  octal: [
    ...[
      '0177.0.0.1',
      '017700000001',
      '0177.0000.0000.0001',
      '00000177.0.0.1',
      '0251.0376.0251.0376',
    ],
    ...['012.0.0.1', '0300.0250.0.1', '0144.0100.0.1'],
  ],
  hexadecimal: [
    ...[
      '0x7f000001',
      '0X7F000001',
      '0x7f.0.0.1',
      '0x7f.0x0.0x0.0x1',
      '0xa9fea9fe',
      '0xA9.0xFE.0xA9.0xFE',
    ],
    ...['0x0a000001', '0xc0a80001', '0x00000000007f000001', '0x'],
  ],
  'short and mixed': [
    ...['127.1', '127.0.1', '10.1', '192.168.257', '172.1048577', '169.254.43518'],
    ...['0x7f.1', '0177.1', '0x7f.0.1', '127.0x0.0.01', '0xa9.254.0251.0xfe', '10.0x0.0.01', '0.0'],
  ],
  'a dot too many': ['127.0.0.1.', '2130706433.', '0x7f.1.', '169.254.169.254.', '10.0.0.1.'],
  'private networks': [
    ...['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ...['192.168.255.255', '100.64.0.1', '100.127.255.255'],
  ],
  'the metadata of a cloud': [
    ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '169.254.169.253', '100.100.100.200'],
    ...['[fd00:ec2::254]', '[fd00:ec2::23]', '[fd20:ce::254]', '[fe80::a9fe:a9fe]'],
    ...['192.0.0.192', 'metadata.google.internal', 'METADATA.google.INTERNAL.'],
    ...['instance-data.ec2.internal', 'ip-10-0-0-1.eu-west-1.compute.internal'],
  ],
  'networks with a special purpose': [
    ...['169.254.0.1', '192.0.0.1', '192.0.0.170', '192.0.2.1', '192.31.196.1', '192.52.193.1'],
    ...[
      '192.88.99.1',
      '192.175.48.1',
      '198.18.0.1',
      '198.19.255.255',
      '198.51.100.1',
      '203.0.113.1',
    ],
    ...['224.0.0.1', '232.1.2.3', '239.255.255.250', '240.0.0.1', '255.255.255.255'],
  ],
  'IPv6 for here': [
    ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000::0001]', '[::0.0.0.1]', '[::0:0]'],
    ...['[fc00::1]', '[fdff::1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[feff::1]'],
    ...['[ff01::1]', '[ff02::1]', '[ff05::2]', '[ff0e::1]'],
  ],
  'IPv4 in IPv6': [
    ...[
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::FFFF:7F00:0001]',
      '[0:0:0:0:0:ffff:127.0.0.1]',
    ],
    ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::ffff:10.0.0.1]', '[::ffff:8.8.8.8]'],
    ...['[::127.0.0.1]', '[::7f00:1]', '[::a9fe:a9fe]', '[::8.8.8.8]'],
    ...['[::ffff:0:127.0.0.1]', '[::ffff:0:7f00:1]'],
  ],
  'IPv6 that is translated or tunnelled': [
    ...['[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b::8.8.8.8]'],
    ...['[64:ff9b:1::1]', '[64:ff9b:1:ffff::10.0.0.1]', '[64:ff9b:1::a9fe:a9fe]'],
    ...['[2002:7f00:1::]', '[2002:a9fe:a9fe::1]', '[2002:a00:1::]', '[2002:808:808::1]'],
    ...['[2001::1]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]', '[2001:0:7f00:1::]'],
    ...['[fe80::5efe:10.0.0.1]', '[fe80::200:5efe:127.0.0.1]', '[fd00::5efe:192.168.0.1]'],
    ...['[2001:db8::5efe:127.0.0.1]', '[2620:4f:8000::1]'],
  ],
  'IPv6 with a purpose': [
    ...['[100::1]', '[100:0:0:1::1]', '[2001:2::1]', '[2001:10::1]', '[2001:1f:ffff::1]'],
    ...[
      '[2001:20::1]',
      '[2001:2f::1]',
      '[2001:30::1]',
      '[2001:3::1]',
      '[2001:4:112::1]',
      '[2001:1::1]',
    ],
    ...['[2001:db8::1]', '[2001:db8:ffff::1]', '[3fff::1]', '[3fff:fff::1]', '[5f00::1]'],
    ...['[200::1]', '[400::1]', '[1000::1]', '[4000::1]', '[8000::1]', '[c000::1]', '[e000::1]'],
  ],
  'digits and dots of other scripts': [
    ...[
      '①②⑦.⓪.⓪.①',
      '１２７.０.０.１',
      '𝟏𝟐𝟕.𝟎.𝟎.𝟏',
      '𝟙𝟚𝟟.𝟘.𝟘.𝟙',
      '¹²⁷.⁰.⁰.¹',
      '₁₂₇.₀.₀.₁',
      '１２７．０．０．１',
    ],
    ...['127。0。0。1', '127｡0｡0｡1', '169。254。169。254', '０ｘ７ｆ.1', '0ⓧ7ⓕ.1', '②①③⓪⑦⓪⑥④③③'],
    ...[
      'ｌｏｃａｌｈｏｓｔ',
      'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
      'ℓocalhost',
      'localhoſt',
      '𝐥𝐨𝐜𝐚𝐥𝐡𝐨𝐬𝐭',
      'localhost。',
      'metadata.google.ⓘnternal',
    ],
  ],
  'invisible characters': [
    ...[
      '127.0.0\u00ad.1',
      '1\u200b27.0.0.1',
      '127\u2060.0.0.1',
      '127.0.0.1\ufeff',
      '127\ufe0f.0.0.1',
    ],
    ...[
      'local\u00adhost',
      'local\u200bhost',
      'local\u2060host',
      'loc\u180balhost',
      'metadata.google.inter\u00adnal',
    ],
    ...['127.0\t.0.1', '127.0\n.0.1', '12\r7.0.0.1'],
  ],
  'percent-encoded bytes': [
    ...[
      '%31%32%37.0.0.1',
      '127%2e0%2e0%2e1',
      '127.0.0.1%2e',
      '%6cocalhost',
      '%6C%6F%63%61%6C%68%6F%73%74',
    ],
    ...['%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1', '127%E3%80%820.0.1', '169.254.169%2e254'],
  ],
  'names of internal networks': [
    ...['printer.local', 'printer.local..', 'router.LOCAL'],
    ...[
      'kubernetes.default.svc.cluster.local',
      'api.internal',
      'db.internal.',
      'internal',
      'local',
    ],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Texts that are not hosts, but that a lenient parser may read as one. */
export const invalidHosts = {
  'a name without a dot': [
    'intranet',
    'kubernetes',
    'ec2',
    'vault',
    'com',
    '-',
    'xn--a',
    '.',
    '..',
  ],
  'not four numbers': [
    ...['127.0.0.1.1', '256.0.0.1', '1.2.3.999', '0x100000000', '4294967296', '08.0.0.1', '127..1'],
    ...['١٢٧.٠.٠.١', '🄁.⓪', '[::ffff:127.1]', '[::ffff:0x7f.0.0.1]', '[::ffff:0177.0.0.1]'],
  ],
  'brackets that do not match': [
    ...[
      '[::1',
      '::1',
      '[127.0.0.1]',
      '[]',
      '[:::1]',
      '[1::2::3]',
      '[v1.fe80]',
      '[%3a%3a1]',
      '%5b::1%5d',
    ],
    ...['[::1%25eth0]', '[fe80::1%25lo]', '[::1%eth0]'],
  ],
  'characters that no host may have': [
    ...['127.0.0.1%00.example.com', '127.0.0.1%0d%0a', '127.0.0.1%20', '127.0.0.1%23.example.com'],
    ...[
      '127.0.0.1%2f.example.com',
      'a^b.example',
      '127.0.0.1\u200c',
      'local\u200dhost',
      '\u202e1.0.0.721',
    ],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Whole URLs that hide where they lead, or lead where we must not send a request. */
export const addresses = {
  'a user name before the host': [
    ...[
      'https://example.com@127.0.0.1/',
      'https://example.com:443@169.254.169.254/',
      'https://user@example.com/',
    ],
    ...[
      'https://user:secret@example.com/',
      'https://:secret@example.com/',
      'https://example.com%40@10.0.0.1/',
    ],
    ...[
      'https://127.0.0.1@example.com/',
      'https://a@b@127.0.0.1/',
      'https://example.com%23@127.0.0.1@[::1]/',
    ],
  ],
  'backslashes and wrong slashes': [
    ...[
      'https:\\\\127.0.0.1\\',
      'https:/\\127.0.0.1/',
      'https:\\/10.0.0.1/',
      'https:127.0.0.1',
      'https:/127.0.0.1/',
    ],
    ...[
      'https:////127.0.0.1/',
      'https://127.0.0.1\\@example.com/',
      'https://127.0.0.1\\.example.com/',
      '\\\\127.0.0.1\\',
    ],
    ...[
      'https:///169.254.169.254/',
      'https://127.0.0.1?@example.com/',
      'https://127.0.0.1#@example.com/',
      'https://127.0.0.1;@example.com/',
    ],
  ],
  'spaces and line breaks': [
    ...[
      ' https://127.0.0.1/',
      'https://127.0.0.1/ ',
      '\thttps://127.0.0.1/',
      'ht\ntps://127.0.0.1/',
      'https:\n//127.0.0.1/',
    ],
    ...[
      '\u0000https://127.0.0.1/',
      '\u001fhttps://[::1]/',
      'https://127.0.0.1\u0000/',
      'https://127.0.0.1 .example.com/',
    ],
    ...[
      'https://exa mple.com/',
      'https://127.0.0.1\r\nhost: example.com/',
      '\u00a0https://127.0.0.1/',
    ],
  ],
  ports: ['https://example.com:65536/', 'https://example.com:-1/', 'https://example.com:0x1bb/'],
  schemes: [
    ...[
      'http://example.com/',
      'HTTP://example.com/',
      'ftp://example.com/a.png',
      'sftp://example.com/',
      'tftp://example.com/',
    ],
    ...[
      'file:///etc/passwd',
      'file://localhost/etc/passwd',
      'FILE:///proc/self/environ',
      'file:/etc/passwd',
      'file://127.0.0.1/c$/',
    ],
    ...[
      'data:image/png;base64,AAAA',
      'javascript:alert(1)',
      'gopher://example.com/_',
      'dict://example.com:11211/stat',
    ],
    ...[
      'ldap://example.com/',
      'jar:https://example.com/!/a',
      'blob:https://example.com/1',
      'ws://example.com/',
      'wss://example.com/',
    ],
    ...[
      's3://bucket/key',
      'unix:/var/run/docker.sock',
      'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
      'view-source:https://example.com/',
    ],
    ...[
      'about:blank',
      'mailto:a@example.com',
      'node:fs',
      'netdoc:///etc/passwd',
      'phar://a',
      'php://filter',
      'x:https://example.com/',
    ],
  ],
  'incomplete addresses': [
    ...[
      '',
      ' ',
      'example.com/a.png',
      '//example.com/a.png',
      '/etc/passwd',
      '../a',
      '?a',
      '#a',
      'https',
      'https:',
      'https://',
    ],
    ...['://example.com/', 'https//example.com/', `https://example.com/${'a'.repeat(2029)}`],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Harmless-looking names, and what they resolve to. */
export const names = [
  ['127.0.0.1.nip.io', ['127.0.0.1']],
  ['localtest.me', ['127.0.0.1', '::1']],
  ['ipv6.localtest.me', ['::1']],
  ['169-254-169-254.sslip.io', ['169.254.169.254']],
  ['spoofed.burpcollaborator.net', ['127.0.0.1']],
  ['sts.amazonaws.com.attacker.example', ['169.254.170.2']],
  ['router.example.com', ['192.168.1.1']],
  ['shared.example.com', ['100.64.0.1']],
  ['alibaba.example.com', ['100.100.100.200']],
  ['first.example.com', ['10.0.0.1', '1.1.1.1']],
  ['last.example.com', ['1.1.1.1', '8.8.8.8', '172.16.0.1']],
  ['mixed.example.com', ['1.1.1.1', 'fd00:ec2::254']],
  ['mapped.example.com', ['::ffff:127.0.0.1']],
  ['mapped-public.example.com', ['::ffff:1.1.1.1']],
  ['compatible.example.com', ['::127.0.0.1']],
  ['nat64.example.com', ['64:ff9b::a9fe:a9fe']],
  ['local-nat64.example.com', ['64:ff9b:1::a00:1']],
  ['sixtofour.example.com', ['2002:7f00:1::1']],
  ['teredo.example.com', ['2001:0:7f00:1::1']],
  ['zone.example.com', ['fe80::1%eth0']],
  ['unspecified.example.com', ['0.0.0.0']],
  ['unspecified6.example.com', ['::']],
  ['everybody.example.com', ['255.255.255.255']],
  ['group.example.com', ['224.0.0.1']],
  ['benchmark.example.com', ['198.18.0.1']],
  ['xn--127-0.example.com', ['127.0.0.1']],
  ['०.example.com', ['0.0.0.0']],
  ['۱۲۷.۰.۰.۱', ['127.0.0.1']],
] as const satisfies readonly (readonly [string, readonly string[]])[];

/** URLs that look hostile and are not. */
export const harmless = [
  ...[
    'https://example.com',
    'https://example.com/a.png',
    'https://example.com:443/a.png',
    'HTTPS://Example.COM/A.png?b=c#d',
  ],
  ...[
    'https://sub.domain.example.co.uk/path/',
    'https://bücher.example/bild.jpg',
    'https://xn--bcher-kva.example/',
  ],
  ...[
    'https://例え.テスト/',
    'https://münchen.example/größe?ü=ö',
    'https://example.com/a%20b.png',
    'https://a-b.example/',
  ],
  ...[
    'https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Signature=abc',
    'https://storage.googleapis.com/bucket/a.png',
  ],
  ...[
    'https://example.com/?next=http://127.0.0.1/',
    'https://example.com/@127.0.0.1/',
    'https://example.com/#@127.0.0.1',
  ],
  ...[
    'https://example.com/http://169.254.169.254/',
    'https://example.com?@127.0.0.1/',
    'https://example.com\\@127.0.0.1/',
  ],
  ...[
    'https://localhost.example.com/',
    'https://internal.example.com/',
    'https://mylocal.example/',
    'https://notinternal.com/',
  ],
  ...[
    'https://local.example/',
    'https://localhost-cdn.example/',
    'https://10.example.com/',
    'https://127.0.0.1.example.com/',
  ],
  ...[
    'https://0x7f.example/',
    'https://1.1.1.1/',
    'https://8.8.8.8./',
    'https://134744072/',
    'https://0x08080808/',
  ],
  ...[
    'https://010.010.010.010/',
    'https://100.63.255.255/',
    'https://100.128.0.1/',
    'https://172.15.255.255/',
  ],
  ...[
    'https://172.32.0.1/',
    'https://192.167.255.255/',
    'https://192.169.0.1/',
    'https://169.253.255.255/',
  ],
  ...[
    'https://198.17.255.255/',
    'https://198.20.0.1/',
    'https://223.255.255.255/',
    'https://11.0.0.1/',
    'https://9.255.255.255/',
  ],
  ...[
    'https://[2606:4700:4700::1111]/',
    'https://[2A00:1450:4001::200E]/',
    'https://[2600:1f18::1]/',
    'https://[2001:4860:4860::8888]/',
  ],
  ...[
    'https://[2001:200::1]/',
    'https://[2003::1]/',
    'https://[2001:db7::1]/',
    'https://[3ffe::1]/',
    `https://example.com/${'a'.repeat(2028)}`,
  ],
] as const;

type Disagreement = readonly [picture: string, says: string, because: string];

const stepsOver = 'it takes whatever stands first for a segment and steps over it unread';
const garbage = 'it gives up where decoders look for the next marker';
const unchecked =
  'it looks at the two sides alone, whatever they are and whatever stands around them';
const oldest = 'it takes the sides of 16 bits for sides of 32';
const onlyHeader = 'it reads no further than the header and misses that the rest is not there';

/** Where an oracle sees something else than we do, and why we do not follow it. */
export const explained: readonly Disagreement[] = [
  ['image-size: baseline JPEG', 'nothing', stepsOver],
  ['image-size: extended JPEG of 12 bits', 'nothing', stepsOver],
  ['image-size: progressive JPEG', 'nothing', stepsOver],
  ['image-size: lossless JPEG', 'nothing', stepsOver],
  ['image-size: differential JPEG', 'nothing', stepsOver],
  ['image-size: arithmetic JPEG', 'nothing', stepsOver],
  ['image-size: arithmetic progressive JPEG', 'nothing', stepsOver],
  ['image-size: grey JPEG', 'nothing', stepsOver],
  ['image-size: a JPEG that scans before it frames', 'jpeg 5×5', stepsOver],
  ['image-size: JPEG with fill bytes', 'nothing', garbage],
  ['image-size: JPEG with lone markers and garbage', 'nothing', garbage],
  ['image-size: BMP with the oldest header', 'bmp 46138248×1572865', oldest],
  ['image-size: the oldest BMP without width', 'bmp 327680×1572865', oldest],
  ['image-size: a BMP of 7 bits', 'bmp 500×500', unchecked],
  ['image-size: a BMP of negative width', 'bmp 4294966796×500', unchecked],
  ['image-size: a BMP of the second OS/2 kind, cut short', 'bmp 5×5', unchecked],
  ['image-size: a BMP without height', 'bmp 500×0', unchecked],
  ['image-size: a text that begins with BM', 'bmp 539782767×544432488', unchecked],
  [
    'image-size: a PNG as some telephones write it',
    'png 5×5',
    'it knows this dialect, which few do',
  ],
  ['image-size: a PNG chunk longer than the file', 'png 5×5', unchecked],
  ['image-size: a PNG chunk with a negative length', 'png 5×5', unchecked],
  ['image-size: a PNG of an unknown colour type', 'png 500×500', unchecked],
  ['image-size: a PNG of more pixels than can be counted', 'png 4294967295×4294967295', unchecked],
  ['image-size: a PNG that ends before its pixels', 'png 5×5', unchecked],
  ['image-size: a PNG whose header is too long', 'png 5×5', unchecked],
  ['image-size: a PNG wider than the format allows', 'png 2147483649×500', unchecked],
  ['image-size: a PNG without height', 'png 500×0', unchecked],
  ['image-size: a PNG without width', 'png 0×500', unchecked],
  ['image-size: a WebP that begins between key frames', 'webp 5×5', unchecked],
  ['image-size: a WebP that promises more than it has', 'webp 5×5', unchecked],
  ['image-size: a lossless WebP of another version', 'webp 5×5', unchecked],
  ['image-size: a lossy WebP without width', 'webp 0×5', unchecked],
  [
    'image-size: a lossless WebP of 24 bytes',
    'webp 5×5',
    'it does not miss the byte that has the alpha bit',
  ],
  [
    'libvips: PNG of two thousand million pixels',
    'nothing',
    'it has a limit of its own; so have we',
  ],
  ['libvips: arithmetic JPEG', 'nothing', 'it takes at most 65,500 pixels a side'],
  ['libvips: differential JPEG', 'nothing', 'it cannot decode the hierarchical process'],
  ['libvips: lossless WebP with alpha', 'nothing', 'it takes at most 16,383 pixels a side'],
  ['libvips: animated PNG', 'png 707×507', 'it shows the first picture of an animated PNG alone'],
  ['libvips: a JPEG segment of length 0', 'jpeg 5×5', 'it steps over two bytes and hopes'],
  ['libvips: a JPEG segment of length 1', 'jpeg 5×5', 'it steps over two bytes and hopes'],
  ['libvips: a PNG chunk longer than the file', 'png 5×5', onlyHeader],
];

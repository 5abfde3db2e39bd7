import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** A Python with Pillow, when it is not the one in `PATH`. */
const python = process.env['PILLOW_PYTHON'] ?? 'python3';

/** Why Pillow cannot be used here, or `undefined` when it can. It comes from PyPI, not from npm. */
export function reasonToSkip(): string | undefined {
  const { status } = spawnSync(python, ['-c', 'import PIL']);
  return status === 0
    ? undefined
    : 'there is no Pillow (pip install pillow, or PILLOW_PYTHON=<a Python that has it>)';
}

/** What a decoder reports about a picture after it has decoded all of it. */
export type Seen = {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly animated: boolean;
};

// A BMP in runs is decoded in Python, so one of a thousand million pixels would take hours.
const script = `
import base64, io, json, sys, warnings
from PIL import Image
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None

def see(data):
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP", "BMP"])
        if image.format == "BMP" and image.width * image.height > 1_000_000:
            return None
        image.load()
        seen = {"format": image.format.lower(), "width": image.width, "height": image.height}
        seen["alpha"] = image.has_transparency_data
    except Exception:
        return None
    try:
        image.seek(1)
        image.load()
        seen["animated"] = image.format != "MPO"
    except Exception:
        seen["animated"] = False
    return seen

for line in sys.stdin:
    print(json.dumps(see(base64.b64decode(line))))
`;

/** What Pillow reports about each picture; `null` for a picture that it cannot decode. */
export async function askPillow(pictures: readonly Buffer[]): Promise<readonly (Seen | null)[]> {
  const child = spawn(python, ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  for (const picture of pictures) child.stdin.write(`${picture.toString('base64')}\n`);
  child.stdin.end();
  const [code]: unknown[] = await once(child, 'close');
  if (code !== 0) throw new Error(`Pillow ended with ${code}`);
  const lines = (await output).trim().split('\n');
  // The script prints one object or null for each picture.
  return lines.map((line) => JSON.parse(line) as Seen | null);
}

import { createHash } from "node:crypto";
import { imageSize } from "image-size";
import { Jimp } from "jimp";
import type { Result } from "./results.ts";

/** Longer edge of each thumbnail, in pixels. */
const EDGES = [1280, 512, 128];
/** A decoded pixel takes four bytes, and is held twice. */
const PIXELS_MAX = Number(process.env["PIXELS_MAX"] ?? 60_000_000);
const SIGNATURES = [Buffer.from([0xff, 0xd8, 0xff]), Buffer.from([0x89, 0x50, 0x4e, 0x47])];

/** By its first bytes: names lie. */
export function isPhoto(body: Buffer): boolean {
  return SIGNATURES.some((signature) => body.subarray(0, signature.length).equals(signature));
}

/**
 * Three thumbnails, upright as the camera was held, and none larger than the photo.
 * @throws Error that says why the photo cannot be read
 */
export async function thumbnailsOf(key: string, body: Buffer): Promise<Result> {
  const { width, height, type, orientation = 1 } = headerOf(key, body);
  const megapixels = Math.round((width * height) / 1e6);
  // Before anything is decoded: a small file may claim a picture that fits in no memory.
  if (width * height > PIXELS_MAX)
    throw new Error(`${key} has ${megapixels} megapixels (${width} x ${height}); allowed: ${PIXELS_MAX / 1e6}`);
  const photo = await decode(key, body);
  const mime = type === "png" ? "image/png" : "image/jpeg";
  const { width: uprightWidth, height: uprightHeight } = photo;
  const files = [];
  // Each is made of the one before it, largest first: a fraction of the work.
  for (const edge of EDGES) {
    if (Math.max(photo.width, photo.height) > edge) photo.scaleToFit({ w: edge, h: edge });
    const image = await (mime === "image/png" ? photo.getBuffer(mime) : photo.getBuffer(mime, { quality: 82 }));
    files.push({ name: `${edge}.${type}`, type: mime, body: image });
  }
  const sha256 = createHash("sha256").update(body).digest("hex");
  return {
    summary: {
      kind: "photo",
      type,
      width: uprightWidth,
      height: uprightHeight,
      orientation,
      bytes: body.length,
      sha256,
    },
    files,
  };
}

function headerOf(key: string, body: Buffer): { width: number; height: number; type: string; orientation?: number } {
  try {
    const { width, height, type = "", orientation } = imageSize(body);
    return { width, height, type, ...(orientation === undefined ? {} : { orientation }) };
  } catch (error) {
    throw new Error(`${key} begins as an image but has no readable header: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function decode(key: string, body: Buffer) {
  try {
    return await Jimp.fromBuffer(body);
  } catch (error) {
    throw new Error(`${key} is damaged or cut off: ${(error as Error).message}`, { cause: error });
  }
}

import { createHash } from 'node:crypto';
import { imageSize } from 'image-size';
import mime from 'mime';
import { parseBuffer } from 'music-metadata';

/** Properties of a file. The results of sample jobs contain them. */
export interface FileDescription {
  readonly file_name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  /** Only images have it, in pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Only sound and video have it. */
  readonly duration_seconds?: number;
  /** Only texts have it. */
  readonly words?: number;
}

/** The media type that a file's name promises. */
export const typeOf = (name: string): string => mime.getType(name) ?? 'application/octet-stream';

/** @throws if the file is not what its name says, such as a text named `.png` */
export const describeFile = async (name: string, body: Buffer): Promise<FileDescription> => {
  const type = typeOf(name);
  return {
    file_name: name,
    type,
    size: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    ...(await describeContent(type, body)),
  };
};

const describeContent = async (type: string, body: Buffer): Promise<Partial<FileDescription>> => {
  if (type.startsWith('image/')) {
    const { width, height } = imageSize(body);
    return { width, height };
  }
  if (/^(audio|video)\//.test(type)) {
    const { format } = await parseBuffer(body, { mimeType: type });
    return format.duration === undefined ? {} : { duration_seconds: Math.round(format.duration * 100) / 100 };
  }
  if (type.startsWith('text/')) return { words: body.toString().match(/\S+/g)?.length ?? 0 };
  return {};
};

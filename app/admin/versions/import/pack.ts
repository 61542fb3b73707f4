// Makes one archive of the files that an admin chose; one that is an archive already is sent as it is.
import { tarEnd, tarHeader, tarPadding } from '@/core/formats/tar';

/** `file` is how the version's page names where it came from. */
export function packAdapter(files: readonly File[]): { body: Blob; file: string } {
  const [only, ...others] = files;
  if (only && others.length === 0 && /\.(tar|tgz|tar\.gz)$/i.test(only.name)) return { body: only, file: only.name };
  const parts = files.flatMap((file) => [tarHeader(file.name.slice(-100), file.size), file, tarPadding(file.size)]);
  const weights = files.find(({ name }) => name.endsWith('.safetensors')) ?? only;
  return { body: new Blob([...parts, tarEnd()]), file: weights?.name ?? '' };
}

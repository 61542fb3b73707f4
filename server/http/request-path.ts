// Makes the path of a request decodable, because Next answers any other path with a server error.

/** A percent sign that does not start valid UTF-8 is read literally, so that the path is simply not found. */
export function decodablePath(url: string): string {
  const [path, ...query] = url.split('?');
  try {
    decodeURIComponent(path!);
    return url;
  } catch {
    return [path!.replaceAll('%', '%25'), ...query].join('?');
  }
}

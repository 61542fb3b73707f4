// Makes the path of a request one that can be decoded: Next answers any other with a fault of the server.

/** A percent sign that begins no UTF-8 is taken for itself: the path then names nothing, and is not found. */
export function decodablePath(url: string): string {
  const [path, ...query] = url.split('?');
  try {
    decodeURIComponent(path!);
    return url;
  } catch {
    return [path!.replaceAll('%', '%25'), ...query].join('?');
  }
}

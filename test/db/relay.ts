// A relay to the test's Postgres that can be cut, so that only one process loses the database.
import net from 'node:net';

export interface Relay {
  url: string;
  /** Existing connections break and new ones are refused, until `open`. */
  cut(): Promise<void>;
  open(): Promise<void>;
}

/** `databaseUrl` names Postgres over TCP, or by a socket folder in its parameter `host`. */
export async function createRelay(databaseUrl: string): Promise<Relay> {
  const target = new URL(databaseUrl);
  const folder = target.searchParams.get('host');
  const port = Number(target.port || 5432);
  const connections = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = folder?.startsWith('/')
      ? net.connect(`${folder}/.s.PGSQL.${port}`)
      : net.connect(port, target.hostname || '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      connections.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        connections.delete(one);
        other.destroy();
      });
    }
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  await listen(0);
  const own = (server.address() as net.AddressInfo).port;
  const url = new URL(databaseUrl);
  url.searchParams.delete('host');
  url.searchParams.delete('port');
  url.host = `127.0.0.1:${own}`;
  return {
    url: url.toString(),
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      }),
    open: () => listen(own),
  };
}

// Checks whether the product can listen on a port, on every address that it would use.
import net from 'node:net';
import { AttuneError } from '@/core/errors';

/**
 * Throws CONFLICT if another program listens on the port: on `host`, or without one on any loopback or wildcard
 * address.
 */
export async function assertFree(port: number, host: string): Promise<void> {
  for (const address of host ? [host] : ['::', '0.0.0.0', '::1', '127.0.0.1']) {
    const code = await tryListen(port, address);
    if (code === null) continue;
    if (code === 'EADDRINUSE')
      throw new AttuneError(
        'CONFLICT',
        `Port ${port} is taken (${address}). Set PORT to another one, or stop what uses it.`,
      );
    if (code === 'EACCES')
      throw new AttuneError(
        'FORBIDDEN',
        `Port ${port} needs more rights than this user has. Set PORT to 1024 or more.`,
      );
    // A machine without IPv6 has no such address, and nothing can listen there.
    if (host)
      throw new AttuneError('BAD_INPUT', `ATTUNE_HOST=${host} is not an address of this machine (${code}). Change it.`);
  }
}

function tryListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    // Without ipv6Only, a probe on :: would also take the IPv4 addresses and hide which one is taken.
    probe.listen({ port, host, ipv6Only: host === '::' }, () => probe.close(() => resolve(null)));
  });
}

export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, host || undefined, () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

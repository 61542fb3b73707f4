// Hosts of a setting, each with or without a port, and whether an address names one of them.
import { z } from 'zod';

export interface Host {
  /** As a URL spells it: lower case, IPv6 in brackets. */
  name: string;
  /** null stands for every port. */
  port: number | null;
}

const HOST = /^(\[[^\]]+\]|[^:/?#@\s]+)(?::(\d{1,5}))?$/;

function parseHost(text: string): Host | null {
  const [, name, port] = HOST.exec(text) ?? [];
  if (name === undefined || !URL.canParse(`http://${name}`)) return null;
  const number = port === undefined ? null : Number(port);
  if (number !== null && (number < 1 || number > 65_535)) return null;
  return { name: new URL(`http://${name}`).hostname, port: number };
}

/** `localhost:8080, 10.0.0.5, [fd00::1]` */
export const Hosts = z.string().transform((text, context) => {
  const hosts: Host[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const host = parseHost(part);
    if (host) hosts.push(host);
    else context.addIssue({ code: 'custom', message: `has "${part}", which is not a host like localhost:8080` });
  }
  return hosts;
});

export function isAmong(hosts: readonly Host[], url: URL): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return hosts.some((host) => host.name === url.hostname && (host.port === null || host.port === port));
}

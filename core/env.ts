// Declares every environment variable of Attune, and reads those that a process needs, strictly.
import os from 'node:os';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { AttuneError } from './errors';
import { AddressRanges } from './network/address';
import { Hosts } from './network/hosts';

type Environment = Readonly<Record<string, string | undefined>>;

const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `must be a whole number, ${range}`,
    })
    .transform(Number);
};
const count = wholeNumber(1);
const oneOf = <const T extends string>(...words: T[]) => z.enum(words, { error: `must be one of ${words.join(', ')}` });
const yesOrNo = z.stringbool({ error: 'must be true or false' });
/** An origin: a path after it would be lost in every link. */
const address = z
  .string()
  .refine((text) => /^https?:$/.test(urlOf(text)?.protocol ?? ''), {
    error: 'must be an address that begins with http:// or https://',
    abort: true,
  })
  .refine((text) => urlOf(text)!.href === `${urlOf(text)!.origin}/`, {
    error: 'must end with the host or the port, without a path',
  })
  .transform((text) => urlOf(text)!.origin);
const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);
const url = z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' });
const cores = os.availableParallelism();

/** The values that each variable accepts. `.env.example` explains what it does. */
const variables = {
  PORT: wholeNumber(0, 65_535).default(3000),
  ATTUNE_HOST: z.string().default(''),
  ATTUNE_URL: address.optional(),
  ATTUNE_TRUSTED_PROXIES: AddressRanges.prefault(''),
  ATTUNE_PRIVATE_HOSTS: Hosts.prefault(''),
  ATTUNE_DATA: z.string().default('.attune'),
  ATTUNE_MODEL: z.string().optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//i, { error: 'must begin with postgres:// or postgresql://' })
    .optional(),
  AUTH_SECRET: z.string().min(32, { error: 'must have 32 characters or more' }).optional(),
  LOG_LEVEL: oneOf('silent', 'error', 'warn', 'info', 'debug').default('info'),
  HF_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an address that begins with https://' }).optional(),
  HF_TOKEN: z.string().optional(),
  ATTUNE_ENGINE_PRECISION: oneOf('int8', 'fp32').default('int8'),
  ATTUNE_ENGINE_THREADS: count.default(cores),
  ATTUNE_ENGINE_SPINNING: yesOrNo.default(true),
  ATTUNE_ENGINE_SPECULATES: yesOrNo.default(true),
  ATTUNE_ENGINE_MAX_RANK: count.default(64),
  ATTUNE_ENGINE_VERSIONS: count.default(8),
  ATTUNE_ENGINE_PREFIX_MIB: wholeNumber(0).default(256),
  ATTUNE_ENGINE_MAX_CONTEXT: count.optional(),
  ATTUNE_ENGINE_ROWS: count.default(16),
  ATTUNE_ENGINE_QUEUE: count.default(64),
  ATTUNE_EXPERIENCE_THREADS: count.default(Math.min(2, cores)),
  ATTUNE_ARTIFACTS: z.string().optional(),
  ATTUNE_CACHE: z.string().optional(),
  ATTUNE_ENGINE_SOCKET: z.string().optional(),
  ATTUNE_SHARED: z.string().optional(),
  ATTUNE_METRICS_TOKEN: z.string().min(16, { error: 'must have 16 characters or more' }).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
} as const satisfies Record<string, z.ZodType>;

export type Variable = keyof typeof variables;
export const VARIABLES = Object.keys(variables) as Variable[];

type Values<N extends Variable> = { [K in N]: z.infer<(typeof variables)[K]> };
export type LogLevel = Values<'LOG_LEVEL'>['LOG_LEVEL'];
type Required<T> = { [K in keyof T]-?: NonNullable<T[K]> };

/** The product's address on this machine. */
export function localUrl({ ATTUNE_HOST: host, PORT }: Values<'ATTUNE_HOST' | 'PORT'>): string {
  const isWildcard = ['', '::', '0.0.0.0'].includes(host);
  return `http://${isWildcard ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${PORT}`;
}

/** Variables whose values never appear in a message. */
const SECRETS: ReadonlySet<Variable> = new Set(['DATABASE_URL', 'AUTH_SECRET', 'HF_TOKEN', 'ATTUNE_METRICS_TOKEN']);

/** An address may hold a user name and a password before its host. */
const withoutPassword = (text: string) => text.replace(/\/\/[^/]*@/u, '//***@');

/**
 * Throws BAD_INPUT naming a bad variable, or a misspelt ATTUNE_ variable of any process. An empty variable is unset.
 */
export function readVariables<N extends Variable, R extends Variable = never>(
  environment: Environment,
  names: readonly N[],
  required: readonly R[] = [],
): Values<N> & Required<Values<R>> {
  refuseUnknown(environment);
  const values: Record<string, unknown> = {};
  for (const name of [...required, ...names]) {
    const text = environment[name]?.trim() || undefined;
    if (text === undefined && (required as readonly Variable[]).includes(name))
      throw new AttuneError('BAD_INPUT', `The environment variable ${name} is missing. Set it and start again.`);
    const parsed = (variables[name] as z.ZodType).safeParse(text);
    if (!parsed.success) {
      const given = SECRETS.has(name) ? name : `${name}=${JSON.stringify(text && withoutPassword(text))}`;
      const what = parsed.error.issues[0]!.message;
      throw new AttuneError('BAD_INPUT', `The environment variable ${given} ${what}. Change it and start again.`);
    }
    values[name] = parsed.data;
  }
  return values as Values<N> & Required<Values<R>>;
}

/** A client's variable, which the examples on the API page use and which may be set in the same shell. */
const CLIENTS = ['ATTUNE_API_KEY'];

function refuseUnknown(environment: Environment): void {
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('ATTUNE_') || Object.hasOwn(variables, name) || CLIENTS.includes(name)) continue;
    const nearest = closest(name, VARIABLES);
    const hint = distance(name, nearest) <= name.length / 3 ? ` Did you mean ${nearest}?` : '';
    throw new AttuneError(
      'BAD_INPUT',
      `There is no environment variable ${name}.${hint} .env.example lists all of them.`,
    );
  }
}

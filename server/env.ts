// The web process's settings: the only reader of its environment.
import path from 'node:path';
import { localUrl, readVariables } from '@/core/env';
import { engineSocket } from '@/core/process/sockets';

/** Throws BAD_INPUT naming the variable. */
export function readServerEnv(environment: Record<string, string | undefined> = process.env) {
  const env = readVariables(
    environment,
    [
      'PORT',
      'ATTUNE_HOST',
      'ATTUNE_URL',
      'ATTUNE_TRUSTED_PROXIES',
      'ATTUNE_PRIVATE_HOSTS',
      'ATTUNE_DATA',
      'ATTUNE_ENGINE_SOCKET',
      'ATTUNE_ENGINE_MAX_CONTEXT',
      'ATTUNE_ENGINE_MAX_RANK',
      'AUTH_SECRET',
      'LOG_LEVEL',
      'ATTUNE_METRICS_TOKEN',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ],
    ['DATABASE_URL', 'ATTUNE_MODEL'],
  );
  const dataFolder = path.resolve(env.ATTUNE_DATA);
  return {
    databaseUrl: env.DATABASE_URL,
    dataFolder,
    modelPath: env.ATTUNE_MODEL,
    engineSocket: env.ATTUNE_ENGINE_SOCKET ?? engineSocket(dataFolder),
    /** null means the model's own limit. */
    maxContext: env.ATTUNE_ENGINE_MAX_CONTEXT ?? null,
    maxRank: env.ATTUNE_ENGINE_MAX_RANK,
    /** Signs sessions; null means the secret kept in the data folder. */
    authSecret: env.AUTH_SECRET ?? null,
    /** The address that people use; null accepts any host name that reaches the server. */
    publicUrl: env.ATTUNE_URL ?? null,
    /** Proxies whose X-Forwarded headers are believed. */
    trustedProxies: env.ATTUNE_TRUSTED_PROXIES,
    /** Hosts inside the network that judges and rules may reach (server/http/outgoing.ts). */
    privateHosts: env.ATTUNE_PRIVATE_HOSTS,
    /** The address on this machine. */
    localUrl: localUrl(env),
    logLevel: env.LOG_LEVEL,
    /** Opens /metrics, beside the keys of administrators; null if only these do. */
    metricsToken: env.ATTUNE_METRICS_TOKEN ?? null,
    /** Where traces are sent; null sends none. The specification adds the path to the general address alone. */
    tracesUrl:
      env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
      (env.OTEL_EXPORTER_OTLP_ENDPOINT ? `${env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '')}/v1/traces` : null),
  };
}
export type ServerSettings = ReturnType<typeof readServerEnv>;

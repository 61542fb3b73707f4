// Lists the product's processes: the program of each and its environment.
import { join } from 'node:path';
import { dataPaths } from '@/core/paths';
import { engineSocket } from '@/core/process/sockets';
import type { ProcessPlan } from '@/core/process/supervise';
import { keptSecret } from '@/server/product';
import { env } from './env';
import type { ProductOptions } from './options';

export const ROOT = join(import.meta.dirname, '..');
export const NEXT = join(ROOT, 'node_modules/next/dist/bin/next');

/** Chat takes precedence over a training run, which still gets about a tenth of a core that chat keeps busy. */
const TRAINER_NICENESS = 10;

/** What libtensorflow writes to stderr before its log level counts, at every start. */
const LIBTENSORFLOW_START = /^(WARNING: All log messages before absl::InitializeLog|I0000 \d\d:)/;

interface Place {
  port: number;
  databaseUrl: string;
  modelPath: string;
}

export function processPlans(options: ProductOptions, { port, databaseUrl, modelPath }: Place): ProcessPlan[] {
  const { dev, trainer } = options;
  const paths = dataPaths(options.dataFolder);
  const childEnv: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: dev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    AUTH_SECRET: authSecret(options.dataFolder),
    ATTUNE_DATA: options.dataFolder,
    ATTUNE_MODEL: modelPath,
    ATTUNE_ARTIFACTS: paths.artifacts,
    ATTUNE_CACHE: dataPaths(options.sharedFolder).cache,
    ATTUNE_ENGINE_SOCKET: engineSocket(options.dataFolder),
    ATTUNE_ENGINE_THREADS: String(options.threads),
  };
  const typescript = (file: string) => [...(dev ? ['--watch'] : []), '--import', 'tsx', join(ROOT, file)];
  const listen = ['-p', String(port), ...(env.ATTUNE_HOST ? ['-H', env.ATTUNE_HOST] : [])];
  return [
    { name: 'engine', args: typescript('engine/process.ts'), env: childEnv },
    { name: 'web', args: [NEXT, dev ? 'dev' : 'start', ...listen], env: childEnv },
    ...(trainer === 'none'
      ? []
      : [
          {
            name: 'trainer',
            args: typescript('trainer/main.ts'),
            env: childEnv,
            niceness: TRAINER_NICENESS,
            chatter: LIBTENSORFLOW_START,
          },
        ]),
  ];
}

/** The secret that signs the sessions of the product on this folder. */
export const authSecret = (dataFolder: string): string => env.AUTH_SECRET ?? keptSecret(dataPaths(dataFolder).run);

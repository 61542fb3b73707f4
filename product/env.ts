// Reads and checks the environment of `npm start` and the command-line programs once; `.env` fills in what is not set.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { readVariables, VARIABLES, type Variable } from '@/core/env';
import { AttuneError, toAttuneError } from '@/core/errors';

/** `npm start` itself sets these for its processes. */
const GIVEN_TO_CHILDREN = ['ATTUNE_ARTIFACTS', 'ATTUNE_CACHE', 'ATTUNE_ENGINE_SOCKET'] as const satisfies Variable[];

/** Adds the variables of a `.env` in `folder` to the environment, from which child processes inherit them. */
function takeDotEnv(folder: string): void {
  let text: string;
  try {
    text = readFileSync(join(folder, '.env'), 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new AttuneError('BAD_INPUT', `${join(folder, '.env')} cannot be read (${code}).`, { cause });
  }
  for (const [name, value] of Object.entries(parse(text))) process.env[name] ??= value;
}

/** Checks every variable, including those of the child processes. Throws BAD_INPUT naming the variable. */
export function readProductEnv(environment: Record<string, string | undefined> = process.env) {
  const env = readVariables(environment, VARIABLES);
  for (const name of GIVEN_TO_CHILDREN)
    if (env[name] !== undefined)
      throw new AttuneError(
        'BAD_INPUT',
        `The environment variable ${name} is set by npm start itself; set ATTUNE_DATA to choose where everything is kept.`,
      );
  return { ...env, dataFolder: resolve(env.ATTUNE_DATA) };
}

/** Importers need the values while they load, so a mistake ends the program here, with only its sentence. */
function readOrEnd() {
  try {
    takeDotEnv(process.cwd());
    return readProductEnv();
  } catch (error) {
    process.stderr.write(`${toAttuneError(error).message}\n`);
    process.exit(1);
  }
}

export const env = readOrEnd();

/** npm sets this to the name of the script that it runs. */
export const isRunByNpm = process.env.npm_lifecycle_event !== undefined;

// `npx attune import KIND FILE…`: reads data of others into the project's own formats.
import { AttuneError } from '@/core/errors';
import { importText, TEXT_USAGE } from './import/text';

export const usage = TEXT_USAGE;

export async function run([kind, ...args]: string[]): Promise<number> {
  if (kind === 'text') return importText(args);
  throw new AttuneError('BAD_INPUT', `attune import knows no ${JSON.stringify(kind ?? '')}; it knows text.`);
}

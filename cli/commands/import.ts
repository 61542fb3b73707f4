// `npx attune import KIND FILE…`: reads foreign data into the project's own formats.

import { ADAPTER_USAGE, importAdapter } from '@/cli/import/adapter';
import { FEEDBACK_USAGE, importFeedback } from '@/cli/import/feedback';
import { importText, TEXT_USAGE } from '@/cli/import/text';
import { AttuneError } from '@/core/errors';

export const usage = `${FEEDBACK_USAGE}\n\n${TEXT_USAGE}\n\n${ADAPTER_USAGE}`;

export async function run([kind, ...args]: string[]): Promise<number> {
  if (kind === 'feedback') return importFeedback(args);
  if (kind === 'text') return importText(args);
  if (kind === 'adapter') return importAdapter(args);
  throw new AttuneError(
    'BAD_INPUT',
    `attune import cannot read ${JSON.stringify(kind ?? '')}; it reads feedback, text and adapter.`,
  );
}

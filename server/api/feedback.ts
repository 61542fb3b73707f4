// Feedback on what a key's requests produced, by generation id.
import { prefer, thumb } from '@/server/services/feedback/feedback';
import { FeedbackRequest } from './requests';
import type { Call } from './route';

export async function feedback({ product, owner, read }: Call): Promise<Response> {
  const body = await read(FeedbackRequest);
  const { userId } = owner;
  let comparisonId: string | null = null;
  if (body.kind === 'thumb') {
    const { generation_id: generationId, value, reasons, comment } = body;
    await thumb(product, userId, { generationId, value, reasons, comment }, 'api');
  } else {
    const { preferred_generation_id: preferredGenerationId, other_generation_id: otherGenerationId } = body;
    ({ comparisonId } = await prefer(product, userId, { preferredGenerationId, otherGenerationId }, 'api'));
  }
  return Response.json({ object: 'feedback', comparison_id: comparisonId });
}

// The model list: versions that a request may name, and the alias for the one that people get.
import { getModel, listModels } from '@/server/services/version/model';
import type { ModelView } from '../services/version/views';
import type { Call } from './route';

export async function models({ product }: Call): Promise<Response> {
  return Response.json({ object: 'list', data: (await listModels(product)).map(bodyOf) });
}

export async function model({ product, params }: Call): Promise<Response> {
  return Response.json(bodyOf(await getModel(product, params.id!)));
}

const bodyOf = ({ id, parentId, createdAt }: ModelView) => ({
  id,
  object: 'model',
  created: Math.floor(createdAt.getTime() / 1000),
  owned_by: 'attune',
  parent: parentId,
});

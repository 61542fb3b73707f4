// The API's types that this page passes around.
import type { RouterOutputs } from '@/server/routers';

export type GivenData = RouterOutputs['feedback']['mine']['items'][number];
export type Learner = GivenData['learnedBy'][number];

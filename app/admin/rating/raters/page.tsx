// How far each rater agrees, and an administrator’s word on them.
import { Raters } from '@/app/admin/rating/raters/raters';

export default function RatingPart() {
  return <Raters />;
}

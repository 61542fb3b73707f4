// How far each rater agrees, how far each person is believed and why, and an administrator’s word on them.
import { Raters } from '@/app/admin/rating/raters/raters';
import { Trust } from '@/app/admin/rating/raters/trust';

export default function RatingPart() {
  return (
    <div className="space-y-8">
      <Raters />
      <Trust />
    </div>
  );
}

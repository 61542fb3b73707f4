// The tasks on which raters disagree.
import { Disagreements } from '@/app/admin/rating/disagreements/disagreements';

export default function RatingPart() {
  return <Disagreements />;
}

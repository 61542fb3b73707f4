// How far raters agree with one another, and what two models of crowds make of their comparisons.
import { Agreement } from '@/app/admin/rating/agreement/agreement';

export default function RatingPart() {
  return <Agreement />;
}

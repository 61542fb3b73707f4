// The questionnaires that raters and the chat ask.
import { Questionnaires } from '@/app/admin/rating/questionnaires/questionnaires';

export default function RatingPart() {
  return <Questionnaires />;
}

// What raters read beside a task.
import { GuidelineEditor } from '@/app/admin/rating/guideline/guideline-editor';

export default function RatingPart() {
  return <GuidelineEditor />;
}

// The feedback page: what people said about answers.
import { GivenFeedback } from '@/app/admin/feedback/given-feedback';

export default function FeedbackPage() {
  return <GivenFeedback />;
}

// A rater's own page: how much there is to do, and how well it agrees.
import { Overview } from '@/app/rate/overview';

export default function RatePage() {
  return <Overview />;
}

// The versions in the order of people's comparisons, with how sure that order is.
import { Leaderboard } from '@/app/admin/leaderboard/leaderboard';

export default function LeaderboardPage() {
  return <Leaderboard />;
}

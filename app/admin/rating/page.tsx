// Rating tasks: made from chats or uploaded sets, listed, and how they are handed out.
import { CreateTasks } from '@/app/admin/rating/create-tasks';
import { HandOut } from '@/app/admin/rating/hand-out';
import { PromptSets } from '@/app/admin/rating/prompt-sets';
import { TaskList } from '@/app/admin/rating/task-list';

export default function RatingPage() {
  return (
    <div className="space-y-4">
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <CreateTasks />
        <PromptSets />
      </div>
      <TaskList />
      <HandOut />
    </div>
  );
}

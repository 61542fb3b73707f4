// Where the subject of an entry of the audit log can be seen.

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** The first part of an action says which page shows its subject. Null if none does. */
export function pageOf(action: string, subject: string): string | null {
  switch (action.split('.', 1)[0]) {
    case 'rule':
      return `/admin/rules/${encodeURIComponent(subject)}`;
    case 'run':
      return `/admin/runs/${encodeURIComponent(subject)}`;
    case 'release':
    case 'version':
      return `/admin/versions/${encodeURIComponent(subject)}`;
    case 'feedback':
      // The subject of an import is the prompt set that it made.
      if (action === 'feedback.import') return '/admin/rating';
      return UUID.test(subject) ? `/feedback/${subject}` : null;
    case 'experiment':
      return '/admin/experiments';
    case 'canary':
      return '/admin/rollout';
    case 'judge':
      return '/admin/judges';
    case 'constitution':
      return '/admin/constitution';
    case 'settings':
      return subject === 'rating' ? '/admin/rating' : '/admin/settings';
    case 'webhook':
      return '/admin/webhooks';
    case 'user':
      return '/admin/users';
    case 'rater':
      return '/admin/rating/raters';
    case 'rating':
      return action === 'rating.guideline'
        ? '/admin/rating/guideline'
        : action.startsWith('rating.questionnaire')
          ? '/admin/rating/questionnaires'
          : '/admin/rating';
    default:
      return null;
  }
}

/** An id is shown by its beginning, as on other pages. */
export const shortId = (text: string): string => (UUID.test(text) ? text.slice(0, 8) : text);

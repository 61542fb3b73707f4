// Draws held-out accuracy over the number of votes, chosen against random, as an SVG with its own background.

export interface CurvePoint {
  votes: number;
  random: number;
  chosen: number;
  /** Standard errors over the seeds. */
  randomError: number;
  chosenError: number;
}

export interface TaskChart {
  title: string;
  points: readonly CurvePoint[];
  target: number;
  /** Votes at which each way reaches the target; null if it never does. */
  reached: { random: number | null; chosen: number | null };
}

const PANEL = { width: 640, height: 300 };
const EDGE = { left: 64, right: 28, top: 64, bottom: 44 };
const COLOURS = { ground: '#14181f', grid: '#39414f', text: '#dfe5ee', random: '#f0a45d', chosen: '#6cb6ff' };
const WAYS = ['random', 'chosen'] as const;

/** One panel a set, below each other. */
export function tasksChart(charts: readonly TaskChart[]): string {
  const height = charts.length * PANEL.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${PANEL.width}" height="${height}" viewBox="0 0 ${PANEL.width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Held-out accuracy over the number of votes, for votes on chosen and on random pairs">`,
    `<rect width="${PANEL.width}" height="${height}" rx="8" fill="${COLOURS.ground}"/>`,
    ...charts.map((chart, i) => `<g transform="translate(0 ${i * PANEL.height})">\n${panel(chart)}\n</g>`),
    '</svg>\n',
  ].join('\n');
}

function panel({ title, points, target, reached }: TaskChart): string {
  const values = points.flatMap(({ random, chosen }) => [random, chosen]);
  const [low, high] = [Math.floor(50 * Math.min(...values)) / 50, Math.ceil(50 * Math.max(...values)) / 50];
  const most = points.at(-1)!.votes;
  const x = (votes: number) => round(EDGE.left + (votes / most) * (PANEL.width - EDGE.left - EDGE.right));
  const y = (share: number) =>
    round(PANEL.height - EDGE.bottom - ((share - low) / (high - low)) * (PANEL.height - EDGE.top - EDGE.bottom));
  const text = (atX: number, atY: number, words: string, more = '') =>
    `<text x="${atX}" y="${atY}" fill="${COLOURS.text}" ${more}>${words}</text>`;
  const levels = Array.from({ length: Math.round((high - low) * 50) + 1 }, (_, i) => low + i / 50).map(
    (share) =>
      `<line x1="${EDGE.left}" x2="${PANEL.width - EDGE.right}" y1="${y(share)}" y2="${y(share)}" stroke="${COLOURS.grid}"/>` +
      text(EDGE.left - 10, y(share) + 4, `${Math.round(100 * share)} %`, 'text-anchor="end"'),
  );
  const step = most > 300 ? 100 : 50;
  const marks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step).map((votes) =>
    text(x(votes), PANEL.height - EDGE.bottom + 18, String(votes), 'text-anchor="middle"'),
  );
  const curve = (way: (typeof WAYS)[number]) => {
    const band = [
      ...points.map((point) => `${x(point.votes)},${y(point[way] + point[`${way}Error`])}`),
      ...points.toReversed().map((point) => `${x(point.votes)},${y(point[way] - point[`${way}Error`])}`),
    ];
    const line = points.map((point) => `${x(point.votes)},${y(point[way])}`);
    return (
      `<polygon fill="${COLOURS[way]}" fill-opacity="0.2" points="${band.join(' ')}"/>` +
      `<polyline fill="none" stroke="${COLOURS[way]}" stroke-width="2" points="${line.join(' ')}"/>`
    );
  };
  const arrivals = WAYS.map((way) => {
    const votes = reached[way];
    return votes === null ? '' : `<circle cx="${x(votes)}" cy="${y(target)}" r="4" fill="${COLOURS[way]}"/>`;
  });
  const legend = (at: number, colour: string, words: string) =>
    `<line x1="${at}" x2="${at + 20}" y1="42" y2="42" stroke="${colour}" stroke-width="3"/>${text(at + 26, 46, words)}`;
  return [
    text(EDGE.left, 24, title, 'font-size="14"'),
    legend(EDGE.left, COLOURS.chosen, 'chosen for what they teach'),
    legend(EDGE.left + 210, COLOURS.random, 'at random'),
    ...levels,
    `<line x1="${EDGE.left}" x2="${PANEL.width - EDGE.right}" y1="${y(target)}" y2="${y(target)}" stroke="${COLOURS.text}" stroke-dasharray="4 4"/>`,
    ...WAYS.map(curve),
    ...arrivals,
    ...marks,
    text(PANEL.width / 2, PANEL.height - 10, 'votes', 'text-anchor="middle"'),
  ].join('\n');
}

const round = (value: number) => Math.round(10 * value) / 10;

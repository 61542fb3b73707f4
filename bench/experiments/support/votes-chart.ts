// Draws accuracy over the number of votes as an SVG with its own background, readable on any page.

export interface ChartPoint {
  votes: number;
  /** The accuracy on held-out decided votes, 0 to 1. */
  accuracy: number;
  lengthBaseline: number;
  decidedHeldOut: number;
}

const WIDTH = 640;
const HEIGHT = 360;
const EDGE = { left: 64, right: 28, top: 56, bottom: 56 };
const [LOW, HIGH] = [0.4, 0.9];
const COLOURS = { ground: '#14181f', grid: '#39414f', text: '#dfe5ee', model: '#6cb6ff', length: '#f0a45d' };

/** The whiskers are one standard error each way, sqrt(p (1 - p) / n). Votes are on a logarithmic axis. */
export function votesChart(points: readonly ChartPoint[], preference: string): string {
  const [first, last] = [Math.log(points[0]!.votes), Math.log(points.at(-1)!.votes)];
  const inner = WIDTH - EDGE.left - EDGE.right - 48;
  const x = (votes: number) => EDGE.left + 24 + ((Math.log(votes) - first) / (last - first || 1)) * inner;
  const y = (share: number) => {
    const clipped = Math.min(HIGH, Math.max(LOW, share));
    return HEIGHT - EDGE.bottom - ((clipped - LOW) / (HIGH - LOW)) * (HEIGHT - EDGE.top - EDGE.bottom);
  };
  const label = (at: { x: number; y: number }, text: string, more = '') =>
    `<text x="${round(at.x)}" y="${round(at.y)}" fill="${COLOURS.text}" ${more}>${text}</text>`;
  const path = (values: (point: ChartPoint) => number, colour: string, dash = '') =>
    `<polyline fill="none" stroke="${colour}" stroke-width="2" ${dash && `stroke-dasharray="${dash}"`} points="${points
      .map((point) => `${round(x(point.votes))},${round(y(values(point)))}`)
      .join(' ')}"/>`;
  const levels = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map(
    (share) =>
      `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${round(y(share))}" y2="${round(y(share))}" stroke="${COLOURS.grid}"/>` +
      label({ x: EDGE.left - 10, y: y(share) + 4 }, `${Math.round(100 * share)} %`, 'text-anchor="end"'),
  );
  const marks = points.map(({ votes, accuracy, decidedHeldOut }) => {
    const error = Math.sqrt((accuracy * (1 - accuracy)) / decidedHeldOut);
    const [top, bottom] = [y(accuracy + error), y(accuracy - error)];
    return (
      `<line x1="${round(x(votes))}" x2="${round(x(votes))}" y1="${round(top)}" y2="${round(bottom)}" stroke="${COLOURS.model}"/>` +
      `<circle cx="${round(x(votes))}" cy="${round(y(accuracy))}" r="4" fill="${COLOURS.model}"/>` +
      label({ x: x(votes), y: HEIGHT - EDGE.bottom + 20 }, String(votes), 'text-anchor="middle"')
    );
  });
  const legend = (at: number, colour: string, text: string) =>
    `<line x1="${at}" x2="${at + 20}" y1="38" y2="38" stroke="${colour}" stroke-width="3"/>` +
    label({ x: at + 26, y: 42 }, text);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Accuracy on held-out votes over the number of votes">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="${COLOURS.ground}"/>`,
    label({ x: EDGE.left, y: 22 }, `Held-out pairs ranked as “${preference}” does`, 'font-size="14"'),
    legend(EDGE.left, COLOURS.model, 'reward model'),
    legend(EDGE.left + 150, COLOURS.length, 'length alone'),
    ...levels,
    path((point) => point.lengthBaseline, COLOURS.length, '5 4'),
    path((point) => point.accuracy, COLOURS.model),
    ...marks,
    label({ x: WIDTH / 2, y: HEIGHT - 12 }, 'simulated votes, ties among them', 'text-anchor="middle"'),
    '</svg>\n',
  ].join('\n');
}

const round = (value: number) => Math.round(10 * value) / 10;

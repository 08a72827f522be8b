// The API of the metrics: its address lies beside the page, where the deployment put it.

export const METRICS = ['wallets', 'tokens', 'transactions'];
export const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const MINUTE_MS = 60_000;
const MOST_INTERVALS = 5000;

let settings;

async function api() {
  settings ??= fetch('settings.json').then((answer) => {
    if (!answer.ok) throw new Error('The page does not know its API: settings.json is not there.');
    return answer.json();
  });
  return (await settings).api;
}

async function ask(metric, parameters, signal) {
  const url = `${await api()}/${metric}?${new URLSearchParams(parameters)}`;
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    throw new Error('The API cannot be reached.');
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`The API answered: ${told.message ?? `status ${answer.status}`}.`);
  return told;
}

// All three metrics of a contract: {wallets: {total, points}, ...}. A period begins with an interval: the first point of
// a chart is a whole one too.
export async function metrics({ address, interval, days }, signal) {
  const parameters = { address, interval };
  if (days) {
    const began = Date.now() - days * 24 * 60 * MINUTE_MS;
    parameters.from = isoTime(began - (began % (interval * MINUTE_MS)));
  }
  const answers = await Promise.all(METRICS.map((metric) => ask(metric, parameters, signal)));
  return Object.fromEntries(METRICS.map((metric, number) => [metric, answers[number]]));
}

// The API tells of the intervals in which something happened. In the others nothing did, which a chart should show.
export function filled({ points, interval }, names) {
  const told = new Map(points.map((point) => [Date.parse(point.time), point]));
  const times = [...told.keys()];
  const step = interval * MINUTE_MS;
  const count = times.length ? (times[times.length - 1] - times[0]) / step + 1 : 0;
  const all = count > MOST_INTERVALS ? times : Array.from({ length: count }, (_, number) => times[0] + number * step);
  return all.map((time) => {
    const values = names.map((name) => [name, Number(told.get(time)?.[name] ?? 0)]);
    return { time: new Date(time), ...Object.fromEntries(values) };
  });
}

function isoTime(epoch) {
  return new Date(epoch).toISOString().replace(/\.\d+Z$/, 'Z');
}

// One metric: its totals, its chart, and its numbers as a table.

import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import { LineChart, lineClasses } from '@mui/x-charts/LineChart';
import { useState } from 'react';

import { filled } from './metrics.js';

const HEIGHT = 260;
const MOST_TICKS = 7;
const DAY_MS = 86_400_000;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const hour = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

// `lines` says of each number what it is called, its colour, and at which side its axis is.
export default function Metric({ title, name, told, lines }) {
  const [asTable, setAsTable] = useState(false);
  const points = filled(told, lines.map((line) => line.name));

  return (
    <Paper variant="outlined" sx={{ p: { xs: 2, sm: 3 }, height: '100%', minWidth: 0 }} data-metric={name}>
      <Stack direction="row" sx={{ justifyContent: 'space-between', alignItems: 'flex-start' }}>
        <Typography variant="h2" sx={{ color: 'text.secondary' }}>
          {title}
        </Typography>
        <Button size="small" onClick={() => setAsTable(!asTable)} disabled={!points.length} sx={{ mt: -0.75 }}>
          {asTable ? 'Chart' : 'Table'}
        </Button>
      </Stack>
      <Stack direction="row" sx={{ mb: 1, columnGap: 4, flexWrap: 'wrap' }}>
        {lines.map((line) => (
          <Total key={line.name} line={line} value={told.total[line.name]} />
        ))}
      </Stack>
      {points.length === 0 && <Nothing />}
      {points.length > 0 && !asTable && <Chart points={points} lines={lines} />}
      {points.length > 0 && asTable && <Numbers told={told} lines={lines} />}
    </Paper>
  );
}

function Total({ line, value }) {
  return (
    <Box>
      <Typography
        component="span"
        sx={{ fontSize: '1.75rem', fontWeight: 700, lineHeight: 1.3, color: line.color, fontVariantNumeric: 'tabular-nums' }}
        data-total={line.name}
        title={value}
      >
        {whole.format(value)}
      </Typography>
      <Typography component="span" sx={{ ml: 1, color: 'text.secondary' }}>
        {line.label}
      </Typography>
    </Box>
  );
}

function Chart({ points, lines }) {
  const midnights = midnightsOf(points);
  const tick = (time) => (midnights ? day : hour).format(time);
  return (
    <LineChart
      height={HEIGHT}
      skipAnimation
      hideLegend
      dataset={points}
      grid={{ horizontal: true }}
      margin={{ left: 0, right: lines.length > 1 ? 0 : 28, top: 16, bottom: 0 }}
      xAxis={[
        {
          dataKey: 'time',
          scaleType: 'time',
          tickNumber: MOST_TICKS,
          tickInterval: midnights ?? 'auto',
          valueFormatter: (time, { location }) => (location === 'tick' ? tick(time) : `${moment.format(time)} UTC`),
        },
      ]}
      yAxis={lines.map((line, number) => ({
        id: line.name,
        min: 0,
        width: 48,
        position: number ? 'right' : 'left',
        valueFormatter: (value) => short.format(value),
      }))}
      series={lines.map((line) => ({
        dataKey: line.name,
        label: line.label,
        yAxisId: line.name,
        color: line.color,
        area: lines.length === 1,
        showMark: points.length < 3,
        curve: 'linear',
        valueFormatter: (value) => whole.format(value),
      }))}
      sx={{ [`& .${lineClasses.area}`]: { fillOpacity: 0.14, filter: 'none' }, [`& .${lineClasses.line}`]: { strokeWidth: 1.75 } }}
    />
  );
}

// Where the days begin, a few of them; nothing if all of it was within a day or two.
function midnightsOf(points) {
  const [first, last] = [points[0].time.getTime(), points[points.length - 1].time.getTime()];
  const days = (last - first) / DAY_MS;
  if (days < 1.5) return undefined;
  const [start, step] = [Math.ceil(first / DAY_MS), Math.ceil(days / MOST_TICKS)];
  const count = Math.floor((last / DAY_MS - start) / step) + 1;
  return Array.from({ length: count }, (_, number) => new Date((start + number * step) * DAY_MS));
}

function Numbers({ told, lines }) {
  return (
    <Box sx={{ height: HEIGHT, overflowY: 'auto' }}>
      <Table size="small" stickyHeader>
        <TableHead>
          <TableRow>
            <TableCell>From (UTC)</TableCell>
            {lines.map((line) => (
              <TableCell key={line.name} align="right">
                {line.label}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {told.points.map((point) => (
            <TableRow key={point.time} data-time={point.time}>
              <TableCell>{moment.format(new Date(point.time))}</TableCell>
              {lines.map((line) => (
                <TableCell key={line.name} align="right" data-value={point[line.name]} sx={{ fontVariantNumeric: 'tabular-nums' }}>
                  {whole.format(point[line.name])}
                </TableCell>
              ))}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}

function Nothing() {
  return (
    <Stack sx={{ height: HEIGHT, alignItems: 'center', justifyContent: 'center', textAlign: 'center' }}>
      <Typography sx={{ color: 'text.secondary' }}>Nothing happened in this period.</Typography>
    </Stack>
  );
}

// What is asked: a contract, the length of the intervals, and how far back.

import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { useState } from 'react';

import { ADDRESS } from './metrics.js';

const INTERVALS = { 1: '1 minute', 5: '5 minutes', 15: '15 minutes', 60: '1 hour', 240: '4 hours', 1440: '1 day' };
const RANGES = { 1: 'Last day', 7: 'Last 7 days', 30: 'Last 30 days', 0: 'All time' };

export default function Question({ question, onAsk }) {
  const [address, setAddress] = useState(question.address);
  const wrong = address !== '' && !ADDRESS.test(address);

  const submit = (event) => {
    event.preventDefault();
    if (ADDRESS.test(address)) onAsk({ ...question, address });
  };

  return (
    <Paper component="form" variant="outlined" onSubmit={submit} sx={{ p: { xs: 2, sm: 3 } }}>
      <Stack direction={{ xs: 'column', md: 'row' }} spacing={2} sx={{ alignItems: { md: 'flex-start' } }}>
        <TextField
          label="Contract address"
          placeholder="0x…"
          value={address}
          onChange={(event) => setAddress(event.target.value.trim())}
          error={wrong}
          helperText={wrong ? 'An address is 0x and 40 hexadecimal digits' : undefined}
          slotProps={{ htmlInput: { spellCheck: false, style: { fontFamily: 'monospace' } } }}
          sx={{ flexGrow: 1 }}
        />
        <Choice label="Interval" value={question.interval} choices={INTERVALS} onChoose={(interval) => onAsk({ ...question, interval })} />
        <Choice label="Period" value={question.days} choices={RANGES} onChoose={(days) => onAsk({ ...question, days })} />
        <Button type="submit" variant="contained" size="large" disableElevation disabled={!ADDRESS.test(address)} sx={{ height: 56, px: 4 }}>
          Show
        </Button>
      </Stack>
    </Paper>
  );
}

function Choice({ label, value, choices, onChoose }) {
  const keys = Object.keys(choices).map(Number);
  const inOrder = keys.includes(0) ? [...keys.filter(Boolean), 0] : keys;
  return (
    <TextField select label={label} value={value} onChange={(event) => onChoose(Number(event.target.value))} sx={{ minWidth: 150 }}>
      {inOrder.map((key) => (
        <MenuItem key={key} value={key}>
          {choices[key]}
        </MenuItem>
      ))}
    </TextField>
  );
}

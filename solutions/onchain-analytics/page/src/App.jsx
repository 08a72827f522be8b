// The analytics of a smart contract: who enters its address sees its wallets, tokens and transactions over time.

import Alert from '@mui/material/Alert';
import AlertTitle from '@mui/material/AlertTitle';
import Box from '@mui/material/Box';
import Container from '@mui/material/Container';
import LinearProgress from '@mui/material/LinearProgress';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useEffect, useState } from 'react';

import Metric from './Metric.jsx';
import Question from './Question.jsx';
import { ADDRESS, metrics } from './metrics.js';

const AGAIN_AFTER_MS = 5000;
const RESTS = 5; // times as long as an answer took: long histories are asked for less often
const GREEN = '#0f766e';
const AMBER = '#b45309';
const BLUE = '#1d4ed8';

// The question is in the page's address, so that it can be passed on.
function fromLocation() {
  const told = new URLSearchParams(window.location.search);
  const address = told.get('address') ?? '';
  return {
    address: ADDRESS.test(address) ? address : '',
    interval: Number(told.get('interval')) || 60,
    days: Number(told.get('days') ?? 7),
  };
}

// What is known about a question: asked again and again, while the page is open.
function useMetrics(question) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!question.address) return undefined;
    const stop = new AbortController();
    let timer;
    const ask = async () => {
      const began = Date.now();
      try {
        const told = await metrics(question, stop.signal);
        setState({ told, at: new Date() });
      } catch (failure) {
        if (stop.signal.aborted) return;
        setState(({ told, at }) => ({ told, at, failure: failure.message }));
      }
      timer = setTimeout(ask, Math.max(AGAIN_AFTER_MS, RESTS * (Date.now() - began)));
    };
    // What was told of the same contract stays to be seen until the new answer is there.
    const isSame = (told) => told?.wallets.address === question.address.toLowerCase();
    setState(({ told, at }) => (isSame(told) ? { told, at, waiting: true } : { waiting: true }));
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [question]);
  return state;
}

export default function App() {
  const [question, setQuestion] = useState(fromLocation);
  const { told, failure, at, waiting } = useMetrics(question);

  const ask = (next) => {
    setQuestion(next);
    window.history.replaceState(null, '', `?${new URLSearchParams(next)}`);
  };

  return (
    <Container maxWidth="lg" sx={{ py: { xs: 3, md: 5 } }}>
      <Stack spacing={3}>
        <Stack direction="row" spacing={1.5} sx={{ alignItems: 'center' }}>
          <img src="icon.svg" alt="" width="36" height="36" />
          <Box>
            <Typography variant="h1">Contract analytics</Typography>
            <Typography sx={{ color: 'text.secondary' }}>Wallets, tokens and transactions of a smart contract over time</Typography>
          </Box>
        </Stack>
        <Question question={question} onAsk={ask} />
        {failure && (
          <Alert severity="error">
            <AlertTitle>The metrics could not be loaded</AlertTitle>
            {failure} The page asks again in a moment.
          </Alert>
        )}
        {waiting && !told && <LinearProgress aria-label="Asking" />}
        {!question.address && <Welcome />}
        {told && <Metrics told={told} />}
        {at && (
          <Typography variant="body2" sx={{ color: 'text.secondary', textAlign: 'right' }}>
            Updated {at.toLocaleTimeString('en-GB')}. Times in the charts are UTC.
          </Typography>
        )}
      </Stack>
    </Container>
  );
}

function Metrics({ told }) {
  return (
    <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'repeat(2, minmax(0, 1fr))' } }}>
      <Metric title="Wallets that interacted" name="wallets" told={told.wallets} lines={[{ name: 'wallets', label: 'wallets', color: GREEN }]} />
      <Metric
        title="Transactions"
        name="transactions"
        told={told.transactions}
        lines={[{ name: 'transactions', label: 'transactions', color: BLUE }]}
      />
      <Box sx={{ gridColumn: '1 / -1' }}>
        <Metric
          title="Tokens exchanged, and the value that was paid"
          name="tokens"
          told={told.tokens}
          lines={[
            { name: 'tokens', label: 'tokens', color: GREEN },
            { name: 'value', label: 'coins paid', color: AMBER },
          ]}
        />
      </Box>
    </Box>
  );
}

function Welcome() {
  return (
    <Paper variant="outlined" sx={{ py: 10, px: 3, textAlign: 'center' }}>
      <Typography variant="h2" gutterBottom>
        Which contract?
      </Typography>
      <Typography sx={{ color: 'text.secondary' }}>
        Enter the address of a smart contract, and choose the interval at which its metrics are counted.
      </Typography>
    </Paper>
  );
}

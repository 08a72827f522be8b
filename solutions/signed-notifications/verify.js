// Verifies a message read from standard input with the unmodified package sns-validator, and says so.
// The package fetches the certificate with https.get: a proxy named in HTTPS_PROXY is put in its way.
const https = require('https');

if (process.env.HTTPS_PROXY) {
  const { HttpsProxyAgent } = require('https-proxy-agent');
  const ca = require('fs').readFileSync(process.env.NODE_EXTRA_CA_CERTS);
  https.globalAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY, { ca });
}

const MessageValidator = require('sns-validator');
let text = '';
process.stdin.on('data', (chunk) => (text += chunk));
process.stdin.on('end', () => {
  new MessageValidator().validate(text, (error) => {
    console.log(error ? `refused: ${error.message}` : 'verified');
  });
});

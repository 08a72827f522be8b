// Compile Exchange.sol into Exchange.json: `npm install --no-save solc@0.8.37 && node compile.js`.
const fs = require('fs');
const path = require('path');
const solc = require('solc');

const source = fs.readFileSync(path.join(__dirname, 'Exchange.sol'), 'utf8');
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'paris',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { Exchange: ['evm.bytecode.object', 'evm.methodIdentifiers'] } },
};
const input = { language: 'Solidity', sources: { 'Exchange.sol': { content: source } }, settings };
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const { formattedMessage } of output.errors ?? []) console.error(formattedMessage);

const { bytecode, methodIdentifiers } = output.contracts['Exchange.sol'].Exchange.evm;
const compiled = { compiler: solc.version(), evmVersion: settings.evmVersion, methodIdentifiers, bytecode: bytecode.object };
fs.writeFileSync(path.join(__dirname, 'Exchange.json'), JSON.stringify(compiled, null, 2) + '\n');

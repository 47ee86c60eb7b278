// SPDX-License-Identifier: Apache-2.0
// Logs through pino and its Loki transport: node push_with_pino.mjs URL COUNT
import pino from 'pino';

const [url, count] = [process.argv[2], Number(process.argv[3])];
const transport = pino.transport({
  target: 'pino-loki',
  options: { host: url, batching: true, interval: 0.2, labels: { app: 'pino' } },
});
const logger = pino({ level: 'info' }, transport);
for (let i = 0; i < count; i++) logger.info({ number: i }, `pino line ${i}`);
// The transport's thread keeps nobody alive: the timer does, until all is sent.
const alive = setInterval(() => {}, 1000);
await new Promise((resolve, reject) => {
  transport.on('close', resolve);
  transport.on('error', reject);
  setTimeout(() => transport.end(), 1000);
});
clearInterval(alive);

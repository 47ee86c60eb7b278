// SPDX-License-Identifier: Apache-2.0
// Logs through pino and its Loki transport, until stdin is closed: node push_with_pino.mjs URL COUNT
import pino from 'pino';

const [url, count] = [process.argv[2], Number(process.argv[3])];
const transport = pino.transport({
  target: 'pino-loki',
  options: { host: url, batching: true, interval: 0.2, labels: { app: 'pino' } },
});
const logger = pino({ level: 'info' }, transport);
for (let i = 0; i < count; i++) logger.info({ number: i }, `pino line ${i}`);
// The transport's thread keeps nobody alive: stdin does. Once closed, a timer does until the thread has ended.
await new Promise((resolve, reject) => {
  transport.on('close', resolve);
  transport.on('error', reject);
  process.stdin.on('end', () => {
    const alive = setInterval(() => {}, 1000);
    transport.on('close', () => clearInterval(alive));
    transport.end();
  });
  process.stdin.resume();
});

// SPDX-License-Identifier: Apache-2.0
// Logs through winston and winston-loki, until stdin is closed: node push_with_winston.cjs URL COUNT json|protobuf
const winston = require('winston');
const LokiTransport = require('winston-loki');

const [url, count, format] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const transport = new LokiTransport({
  host: url,
  json: format === 'json',
  labels: { app: `winston-${format}` },
  interval: 1,
  batching: true,
  gracefulShutdown: true,
  onConnectionError: (error) => {
    console.error(error);
    process.exit(1);
  },
});
const logger = winston.createLogger({ transports: [transport] });
for (let i = 0; i < count; i++) logger.info(`winston line ${i}`, { number: i });
process.stdin.on('end', () =>
  transport.flush().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  ),
);
process.stdin.resume();

// Writes log lines to its stdout, whatever that is, then says on stderr that it lives. With "exit" it ends itself at once.
import { systemClock } from '../clock.ts';
import { openLog } from '../log.ts';

const log = openLog({ level: 'info', clock: systemClock });
for (let i = 0; i < 200; i++) log.info({ i }, 'x'.repeat(1000));
setImmediate(() => {
  log.info('the last line');
  process.stderr.write('alive\n', () => {
    if (process.argv[2] === 'exit') process.exit(0);
  });
});

#!/usr/bin/env node
// The command `okapi`.
import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

const environment = readEnvironment();
process.exitCode = await runProgram(process.argv.slice(2), processTerminal(environment), environment);

// The commands and their options, as `--help` shows them. Each command's code is loaded only when it is called.
import { Command, Option } from 'commander';
import { sampleKinds } from '../vision/dataset/sample-parts/sample-part.ts';
import { autoencoderSettings } from '../vision/detectors/autoencoder/settings.ts';
import { yoloSettings } from '../vision/detectors/yolo/settings.ts';
import { encoderNames } from '../vision/encoders/encoder.ts';
import { devices } from '../vision/runtime/backends.ts';
import { versions } from '../vision/version.ts';
import { variantNames } from '../vision/yolo/variants.ts';
import { addFsck } from './commands/fsck.ts';
import { addImport } from './commands/import.ts';
import { addKeys } from './commands/keys.ts';
import { addServe } from './commands/serve.ts';
import type { CommandContext } from './context.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import { number, positiveWhole, wholeNumber } from './options.ts';
import type { Terminal } from './terminal.ts';
import { methods } from './training-plan.ts';

/** Runs the command line and returns the exit code. */
export async function runProgram(
  args: readonly string[],
  terminal: Terminal,
  environment: Environment,
): Promise<number> {
  const context: CommandContext = {
    terminal,
    environment,
    args,
    version: versions().okapi,
    now: () => performance.now(),
    date: () => new Date(),
  };
  let exitCode: number = exitCodes.ok;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args.length > 0 ? args : ['--help'], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportFailure(error, terminal, environment.debug);
  }
}

type Done = (exitCode: number) => void;

export function buildProgram(context: CommandContext, done: Done): Command {
  const { terminal, version, environment } = context;
  const write = (line: (text: string) => void) => (text: string) => line(text.replace(/\n$/, ''));
  const program = new Command('okapi')
    .description('Learns what good parts look like from pictures of good parts only, and finds the bad ones.')
    .version(version, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(terminal.columns, 110) })
    .configureOutput({
      writeOut: write(terminal.out),
      writeErr: write(terminal.note),
      outputError: (text, print) => print(text.replace(/^error:/, terminal.style('red', 'error:'))),
    });
  for (const add of [
    addServe,
    addDemo,
    addUpdate,
    addCheck,
    addTrain,
    addTest,
    addEval,
    addExport,
    addImport,
    addFsck,
    addKeys,
    addDevices,
    addBench,
  ])
    add(program, context, done);
  return program.addHelpText(
    'after',
    examples(environment.command, [
      'demo',
      'train parts/good -o my-model',
      'test my-model new-pictures --report report.html',
    ]) + EXIT_CODES,
  );
}

const EXIT_CODES = `
Exit codes: 0 all well, 1 something failed, 2 typed wrongly, 3 a tested picture is NG, 130 stopped by Ctrl-C.`;

const TEST_JSON = `

The object of --json:
  okapi, device            version and device
  model                    folder, encoder, imageSize, tiles, threshold, uncertain, pixelThreshold, trust
  ok, ng, untested         how many pictures; uncertain: how many of ok and ng
  items[]                  in the order of the arguments:
    file, verdict          "OK", "NG", or null when it could not be tested
    score, threshold       NG when score > threshold
    uncertain              whether it lies in the model's band around the threshold, so that a person should look
    regions[]              box [x, y, width, height], polygon [[x, y], ...], area in pixels of the picture; peak, meanScore
    overlay, heatmap       files written by --out
    error                  code and message, when verdict is null
Of a detector:
  model                    folder, variant, imageSize, classes, conf, iou
  tested, untested         how many pictures
  items[]                  file, detections[] with label, confidence and box [x1, y1, x2, y2] in pixels; overlay; error`;

const EVAL_JSON = `

The object of --json holds all that is printed, every picture, and the points of the ROC and precision-recall curves
(score null: none is called anomalous); of several models, each under models, and comparison. A measure is {"value": number}, or
{"value": null, "reason": "..."} when the pictures do not have it.`;

const CHECK_JSON = `

The object of --json has checked, leftOut, unread[], flags[] (kind, name, figure, typical, other, sentence) and notes[].`;

function examples(command: string, lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${command} ${line}`).join('\n')}`;
}

const device = () =>
  new Option('--device <name>', `what computes: auto, ${devices.join(', ')}`).default('auto');
const threads = () =>
  new Option('--threads <n>', 'threads of the processor (default: all)').argParser(positiveWhole);
const json = () => new Option('--json', 'print one JSON object and nothing else to stdout');
const report = () => new Option('--report <file>', 'write an HTML report with pictures, all in one file');

const standard = (setting: keyof typeof autoencoderSettings) =>
  `(default: ${autoencoderSettings[setting].default})`;

const ofDetect = (setting: keyof typeof yoloSettings) => `(default: ${yoloSettings[setting].default})`;
const both = (anomaly: keyof typeof autoencoderSettings, detect: keyof typeof yoloSettings) =>
  `(default: ${autoencoderSettings[anomaly].default}; detect: ${yoloSettings[detect].default})`;

function addTrain(program: Command, context: CommandContext, done: Done): void {
  program
    .command('train')
    .summary('learn from pictures of good parts, or from labelled boxes')
    .description(
      'Learns from pictures and writes a model folder.\n\nDIR holds pictures of good parts, or has the folder train/good. 1 picture is enough to begin with (5 for the autoencoder); 50 or more make the threshold trustworthy. With --task detect it is a data.yaml, a folder or a ZIP archive with images and YOLO labels, and what is learnt is to find the objects.',
    )
    .argument(
      '<dir>',
      'folder of good pictures (JPEG, PNG, WebP, BMP, TIFF); with --task detect also data.yaml or ZIP',
    )
    .addOption(
      new Option('--task <name>', 'anomaly: find what differs from good parts; detect: find labelled objects')
        .choices(['anomaly', 'detect'])
        .default('anomaly'),
    )
    .option('-o, --out <folder>', 'model folder to write (default: DIR-model, here)')
    .addOption(
      new Option(
        '--method <name>',
        'how anomalies are found: auto and its parts memory-bank and subspace learn in seconds; autoencoder is trained (default: auto, or autoencoder with an option that is for it alone)',
      ).choices(methods),
    )
    .option('--bank-bytes <n>', 'the most bytes that remembered patches may take', wholeNumber)
    .option(
      '--place-weight <n>',
      'how much the place of a remembered patch counts, for fixed cameras',
      number,
    )
    .option(
      '--reweight <n>',
      'remembered patches that the distance to the nearest is weighed by',
      wholeNumber,
    )
    .option('--encoder <name>', `auto, ${encoderNames.join(', ')}`, 'auto')
    .option('--encoder-weights <file>', 'weights of the encoder (.pth, .pt, .safetensors)')
    .option('--variant <name>', `of detectors: ${variantNames.join(', ')} ${ofDetect('variant')}`)
    .option('--weights <file>', 'weights that a detector starts from (.pt, .safetensors), or none')
    .option('--conf <share>', `least confidence of a found object ${ofDetect('conf')}`, number)
    .option('--iou <share>', `overlap of two boxes of one object ${ofDetect('iou')}`, number)
    .option(
      '--img-size <px>',
      `side that pictures are resized to ${both('imageSize', 'imageSize')}`,
      wholeNumber,
    )
    .option('--epochs <n>', `how often all pictures are shown ${both('epochs', 'epochs')}`, wholeNumber)
    .option('--lr <rate>', `learning rate at the start ${standard('learningRate')}`, number)
    .option('--batch <n>', `pictures a step, at most ${standard('batchSize')}`, wholeNumber)
    .option('--val-ratio <share>', `share of the pictures held out ${standard('validationRatio')}`, number)
    .option(
      '--patience <n>',
      `stop after n epochs without improvement ${both('patience', 'patience')}`,
      wholeNumber,
    )
    .option('--false-alarm-rate <share>', 'share of good parts that may be called NG, such as 0.01', number)
    .option(
      '--regions <file>',
      'where to look: JSON with polygons to include and to ignore, [x, y] as shares of the picture',
    )
    .option(
      '--tiles <how>',
      'cut large pictures into tiles: off, auto, or SIZE[:OVERLAP] in pixels (default: auto, whole up to 4 times --img-size)',
    )
    .option(
      '--defect-size <px>',
      'the smallest defect to find, in pixels; auto tiles are chosen by it',
      number,
    )
    .option('--base <model>', 'go on from a model folder or a file of weights')
    .option('--seed <n>', `of all random choices ${standard('seed')}`, wholeNumber)
    .option('--resume', 'go on with a training that was stopped')
    .addOption(device())
    .addOption(threads())
    .addHelpText(
      'after',
      examples(context.environment.command, [
        'train parts/good -o my-model',
        'train parts --encoder dinov3-convnext-tiny --img-size 512',
        'train parts -o my-model --resume',
        'train --task detect data.yaml -o my-detector',
      ]),
    )
    .action(async (dir, options) => {
      const { train } = await import('./commands/train.ts');
      done(await train(dir, options, context));
    });
}

function addTest(program: Command, context: CommandContext, done: Done): void {
  program
    .command('test')
    .summary('say of each picture whether it is OK or NG, or what is in it')
    .description(
      'Tests pictures with a model. A folder stands for all pictures in it and below.\n\nExit code 3 when a picture is NG; otherwise 1 when one could not be tested, 0 when all are OK. A detector finds objects, which are neither.',
    )
    .argument('<model>', 'model folder')
    .argument('<pictures...>', 'files and folders')
    .option('--out <dir>', 'write an overlay and a heatmap of each picture there')
    .option('--conf <share>', "of detectors: least confidence (default: the model's)", number)
    .option(
      '--iou <share>',
      "of detectors: overlap of two boxes of one object (default: the model's)",
      number,
    )
    .addOption(json())
    .addOption(report())
    .addOption(device())
    .addHelpText(
      'after',
      examples(context.environment.command, [
        'test my-model part.jpg',
        'test my-model new-pictures --out marked --report report.html',
        'test my-model new-pictures --json > verdicts.json',
      ]) + TEST_JSON,
    )
    .action(async (model, pictures, options) => {
      const { test } = await import('./commands/test.ts');
      done(await test(model, pictures, options, context));
    });
}

function addEval(program: Command, context: CommandContext, done: Done): void {
  program
    .command('eval')
    .summary('measure models on pictures whose truth is known')
    .description(
      'Measures a model, or several side by side on the same pictures. DIR has the folders test/good and test/DEFECT, one for each kind of defect; masks of the defects, if there are any, lie in ground_truth/DEFECT under the same names (or NAME_mask.png).',
    )
    .usage('[options] <model...> <dir>')
    .argument('<paths...>', 'one model folder or more, then the folder with test/good and test/DEFECT')
    .option('--conf <share>', "of a detector: least confidence (default: the model's)", number)
    .option(
      '--iou <share>',
      "of a detector: overlap of two boxes of one object (default: the model's)",
      number,
    )
    .addOption(json())
    .addOption(report())
    .addOption(device())
    .addHelpText(
      'after',
      examples(context.environment.command, [
        'eval my-model parts --report report.html',
        'eval old-model new-model parts',
      ]) + EVAL_JSON,
    )
    .action(async (paths, options) => {
      const { evaluate } = await import('./commands/eval.ts');
      done(await evaluate(paths, options, context));
    });
}

function addUpdate(program: Command, context: CommandContext, done: Done): void {
  program
    .command('update')
    .summary('add pictures of good parts to a model, in seconds')
    .description(
      'Adds good pictures, such as false alarms, to a model and writes a new one; the old one stays. What it learnt is kept: patches and directions that the new pictures need are added, and the threshold is found anew. Of an autoencoder the threshold alone changes.',
    )
    .argument('<model>', 'model folder')
    .requiredOption('--good <path...>', 'pictures of good parts, or folders of them')
    .option('-o, --out <folder>', 'model folder to write (default: MODEL-updated)')
    .option('--false-alarm-rate <share>', 'share of good parts that may be called NG, such as 0.01', number)
    .addOption(device())
    .addOption(threads())
    .addHelpText('after', examples(context.environment.command, ['update my-model --good false-alarms']))
    .action(async (model, options) => {
      const { update } = await import('./commands/update.ts');
      done(await update(model, options, context));
    });
}

function addCheck(program: Command, context: CommandContext, done: Done): void {
  program
    .command('check')
    .summary('look for pictures that should not be among the good ones')
    .description(
      'Checks pictures of good parts before a training: likely bad ones, near copies, blur, exposure and sizes. Nothing is changed.\n\nDIR holds the pictures, or has the folder train/good.',
    )
    .argument('<dir>', 'folder of good pictures')
    .addOption(json())
    .addHelpText('after', examples(context.environment.command, ['check parts/good']) + CHECK_JSON)
    .action(async (dir, options) => {
      const { check } = await import('./commands/check.ts');
      done(await check(dir, options, context));
    });
}

function addExport(program: Command, context: CommandContext, done: Done): void {
  const formats = { onnx: 'onnx', safetensors: 'safetensors', pt: 'pt' };
  program
    .command('export')
    .summary('take one file out of a model folder, checked')
    .description('Checks that a model folder is whole and copies one of its files.')
    .argument('<model>', 'model folder')
    .addOption(
      new Option('--format <name>', 'onnx runs anywhere; safetensors and pt are the weights')
        .choices(Object.keys(formats))
        .default('onnx'),
    )
    .option('-o, --out <file>', 'file to write (default: the name of the model, here)')
    .action(async (model, options) => {
      const { exportModel } = await import('./commands/export.ts');
      done(await exportModel(model, options, context));
    });
}

function addDemo(program: Command, context: CommandContext, done: Done): void {
  program
    .command('demo')
    .summary('try it: sample parts, a model, a report, in about a minute')
    .description('Draws sample parts, learns the good ones, tests good and bad ones, and writes a report.')
    .addOption(new Option('--kind <name>', 'what parts').choices(sampleKinds).default('textures'))
    .option('--dir <folder>', 'where; its own folder, made anew each time', 'okapi-demo')
    .option('--epochs <n>', 'train the autoencoder for so long instead', wholeNumber)
    .action(async (options) => {
      const { demo } = await import('./commands/demo.ts');
      done(await demo(options, context));
    });
}

function addDevices(program: Command, context: CommandContext, done: Done): void {
  program
    .command('devices')
    .summary('show what can compute here, and why or why not')
    .description('Tries each device and says why it is or is not used. Good to send along with a question.')
    .action(async () => {
      const { listDevices } = await import('./commands/devices.ts');
      done(await listDevices(context));
    });
}

function addBench(program: Command, context: CommandContext, done: Done): void {
  program
    .command('bench')
    .summary('run the benchmarks (from a clone)')
    .description('Runs the benchmarks of a clone and prints a table.')
    .action(async () => {
      const { bench } = await import('./commands/bench.ts');
      done(await bench(context));
    });
}
